import type { BulkCodec } from '../codec/bulkCodec';
import { Router } from '../http/router';
import type { ModelService } from '../modelService';
import { addHealth } from './health';
import { addMetadata } from './metadata';
import { addOpenApi } from './openApi';
import { addPredictions } from './predictions';

export interface RouteContext {
  model: ModelService;
  /** Version of this server. */
  version: string;
  /** Prometheus text, and its content type. */
  metrics: () => Promise<{ text: string; contentType: string }>;
  /** Told how long it took to read a request or to write its answer. */
  coded: (phase: 'preprocess' | 'postprocess', seconds: number) => void;
  bulk: BulkCodec;
  /** Whether clients need a token. */
  token: boolean;
  /** Paths that the platform asks for health and posts predictions to, beside the server's own. */
  healthRoute?: string;
  predictRoute?: string;
}

/** All addresses that this server answers. */
export function createRoutes(context: RouteContext): Router {
  const router = new Router();
  addHealth(router, context);
  addMetadata(router, context);
  addPredictions(router, context);
  addOpenApi(router, context);
  router.get('/metrics', 'metrics', async (exchange) => {
    const { text, contentType } = await context.metrics();
    exchange.send(200, contentType, text);
  });
  return router;
}
