import { comeAgain } from '../failure';
import type { Exchange } from '../http/exchange';
import type { Router } from '../http/router';
import { checkModel, modelPaths } from './paths';
import type { RouteContext } from './routes';

/** Health as every platform asks for it: the Open Inference Protocol, Kubernetes, SageMaker, MLflow, Vertex AI, TF Serving and KServe V1. */
export function addHealth(router: Router, { model, healthRoute }: RouteContext): void {
  const answerReady = (exchange: Exchange, body: object) => {
    const reason = model.notReady();
    if (reason !== undefined) throw comeAgain(reason);
    exchange.json(200, JSON.stringify(body));
  };
  for (const path of ['/livez', '/v2/health/live']) {
    router.get(path, 'health', (exchange) => exchange.json(200, '{"live":true}'));
  }
  const readyPaths = ['/readyz', '/v2/health/ready', '/ping', '/health'];
  for (const path of healthRoute ? [...readyPaths, healthRoute] : readyPaths) {
    router.get(path, 'health', (exchange) => answerReady(exchange, { ready: true }));
  }
  for (const path of modelPaths) {
    router.get(`${path}/ready`, 'health', (exchange, params) => {
      checkModel(model, params);
      answerReady(exchange, { name: model.name, ready: true });
    });
  }
  router.get('/v1/models/:model', 'health', (exchange, params) => {
    checkModel(model, params);
    const status = { error_code: 'OK', error_message: '' };
    answerReady(exchange, {
      name: model.name,
      ready: true,
      model_version_status: [{ version: model.version, state: 'AVAILABLE', status }],
    });
  });
}
