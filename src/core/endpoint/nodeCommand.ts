import { memoryVariables } from '../serverRuntime';

/** How a Node process is started. */
export interface NodeCommand {
  command: string;
  env: NodeJS.ProcessEnv;
}

/**
 * The Node that runs model servers: the binary at `nodePath`, or the one that runs the editor. On the desktop that one is Electron, which
 * is Node only when it is told so.
 */
export function nodeCommand(nodePath: string): NodeCommand {
  const env: NodeJS.ProcessEnv = { ...memoryVariables, ...process.env };
  // What the editor tells its own processes is not for ours, nor what is meant for a server that somebody starts by itself.
  for (const name of Object.keys(env)) {
    if (
      /^(NODE_OPTIONS|NODE_CHANNEL_FD|ELECTRON_RUN_AS_NODE|VSCODE_.*|PORT|AIP_.*|SLIPWAY_(TOKEN|MODEL))$/.test(
        name,
      )
    )
      delete env[name];
  }
  const own = nodePath.trim();
  if (own !== '') return { command: own, env };
  return { command: process.execPath, env: { ...env, ELECTRON_RUN_AS_NODE: '1' } };
}
