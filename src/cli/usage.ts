import { variables } from './variables';

/** The words of the command line: what each command takes and does. */
export interface CommandHelp {
  usage: string;
  does: string;
  options: string[];
}

const where = ['--target NAME   a target of slipway.json'];
const json = '--json          one JSON document on standard output, also when it fails';
const anyway = '--load-anyway   loads a pickle also where it would import what may do harm';

export const help = {
  deploy: {
    usage: 'slipway deploy MODEL --target NAME [--note TEXT] [--anyway] [--json]',
    does: 'Builds, proves with its samples and gives traffic to a new release. What serves goes on when a step fails.',
    options: [
      ...where,
      '--note TEXT     what is new in this revision',
      '--anyway        a new revision also where the very same serves already',
      anyway,
      json,
    ],
  },
  plan: {
    usage: 'slipway plan MODEL --target NAME [--json]',
    does: 'Says what a deploy would change, and changes nothing.',
    options: [...where, json],
  },
  manifests: {
    usage: 'slipway manifests MODEL --target NAME --out FOLDER [--format FORMAT] [--json]',
    does: 'Builds and pushes the image, and writes what a deploy would apply as files, for who deploys with Git.',
    options: [
      ...where,
      '--out FOLDER    where the files go',
      '--format FORMAT yaml, kustomize (the default: YAML with a kustomization), or helm (a chart)',
      anyway,
      json,
    ],
  },
  rollback: {
    usage: 'slipway rollback MODEL --target NAME [--json]',
    does: 'Gives the traffic back to the release before the one that serves.',
    options: [...where, json],
  },
  releases: {
    usage: 'slipway releases [--target NAME] [--json]',
    does: 'Lists what runs on the targets.',
    options: ['--target NAME   this target only', json],
  },
  test: {
    usage: 'slipway test [MODEL…] [--junit FILE] [--json]',
    does: 'Predicts with all samples of models, and holds the outputs against what they expect. Without MODEL: all that slipway.json names or that are in the folder.',
    options: ['--junit FILE    writes the results as JUnit XML too', anyway, json],
  },
  predict: {
    usage: 'slipway predict MODEL [--sample NAME | --inputs FILE.json] [--url URL] [--json]',
    does: 'Predicts once: with a sample (the first one by default), or with inputs by name from a JSON file.',
    options: [
      '--sample NAME   a sample of the model',
      '--inputs FILE   a JSON file with inputs by name; - for standard input',
      '--url URL       asks the server there instead of starting one',
      anyway,
      json,
    ],
  },
  serve: {
    usage: 'slipway serve MODEL [--port N] [--host ADDRESS] [--container | --process] [--json]',
    does: 'Serves a model on this machine until it is stopped with Ctrl+C.',
    options: [
      '--port N        default: a free one',
      '--host ADDRESS  default: 127.0.0.1, this machine only',
      '--container     serves in a container of the Docker engine on this machine, which is removed at the end',
      '--process       loads a model of Python as a process, which may do all that you may',
      anyway,
      json,
    ],
  },
} satisfies Record<string, CommandHelp>;

export type Command = keyof typeof help;

/** The text of `slipway --help`, or of `slipway COMMAND --help`. */
export function helpText(command?: Command): string {
  if (command) {
    const { usage, does, options } = help[command];
    return `${usage}\n\n${does}\n\n${options.map((option) => `  ${option}`).join('\n')}\n`;
  }
  const commands = Object.values(help).map(({ usage, does }) => `  ${usage}\n      ${does}`);
  return `Slipway takes a model from its file to a proven release. Run it in the folder that holds slipway.json.

${commands.join('\n')}

  slipway COMMAND --help, slipway help COMMAND
      All options of a command.

MODEL is a name from slipway.json or a file. What VS Code's settings say is said by the environment here:
${Object.entries(variables)
  .map(([name, { meaning }]) => `  ${name.padEnd(24)} ${meaning}`)
  .join('\n')}

Exit code: 0 done, 1 failed, 2 used wrongly, 3 the samples or the trial failed, 130 stopped.
`;
}
