import { Failure } from '../failure';
import type { ModelService } from '../modelService';

/** Where the Open Inference Protocol has a model. */
export const modelPaths = ['/v2/models/:model', '/v2/models/:model/versions/:version'];

/** Throws `Failure` 404 when a path names another model or version than the one that is served. */
export function checkModel({ name, version }: ModelService, params: Record<string, string>): void {
  const asked = params['model'] ?? name;
  if (asked !== name) {
    throw new Failure(404, `There is no model "${asked.slice(0, 200)}" here; this server serves "${name}".`);
  }
  const askedVersion = params['version'] ?? version;
  if (askedVersion !== version) {
    throw new Failure(
      404,
      `Model "${name}" has no version "${askedVersion.slice(0, 200)}" here, only "${version}".`,
    );
  }
}
