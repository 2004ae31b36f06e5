import type { TensorSpec } from '../../core/model/signature';
import { protocolShape } from '../codec/inputs';
import type { Router } from '../http/router';
import type { ModelService } from '../modelService';
import { checkModel, modelPaths } from './paths';
import type { RouteContext } from './routes';

/** What the server and its model are. */
export function addMetadata(router: Router, { model, version }: RouteContext): void {
  const server = JSON.stringify({ name: 'slipway', version, extensions: ['binary_tensor_data'] });
  router.get('/v2', 'metadata', (exchange) => exchange.json(200, server));
  router.get('/version', 'metadata', (exchange) => exchange.send(200, 'text/plain', version));
  for (const path of modelPaths) {
    router.get(path, 'metadata', (exchange, params) => {
      checkModel(model, params);
      exchange.json(200, JSON.stringify(metadataOf(model)));
    });
  }
}

function metadataOf({ name, version, platform, signature }: ModelService) {
  const tensor = ({ name, datatype, shape }: TensorSpec) => ({
    name,
    datatype,
    shape: protocolShape(shape ?? []),
  });
  return {
    name,
    versions: [version],
    platform,
    inputs: signature.inputs.map(tensor),
    outputs: signature.outputs.map(tensor),
  };
}
