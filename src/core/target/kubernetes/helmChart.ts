import { labels } from '../../docker/labels';
import { loadClient } from './client';
import { fileName } from './manifests';
import type { KubeObject } from './objects';

/** What a chart is made of: https://helm.sh/docs/topics/charts/ */
export interface Chart {
  name: string;
  description: string;
  appVersion: string;
  values: object;
  templates: Template[];
}

/** An object whose fields may be {@link text}, {@link raw} and {@link optional}. */
export interface Template {
  object: KubeObject;
  /** An expression: the object is there only where it is true. */
  when?: string;
}

/** Of the chart itself. Helm wants one that counts up; whoever keeps the chart in Git counts. */
const CHART_VERSION = '0.1.0';

/** A string that Helm fills in, alone or in other words. */
export function text(expression: string): string {
  return mark('text', expression);
}

/** A value of any type that Helm fills in. It stands where the schema may have a number, a list or a map. */
export function raw(expression: string): never {
  return mark('raw', expression) as never;
}

/** A field that is there only where an expression is true; its value is {@link raw}. */
export function optional(when: string, value: string): never {
  return mark('optional', JSON.stringify({ when, value })) as never;
}

/** A chart as files: text by path. */
export function chartFiles({
  name,
  description,
  appVersion,
  values,
  templates,
}: Chart): Record<string, string> {
  const { dumpYaml } = loadClient();
  const chart = {
    apiVersion: 'v2',
    name,
    description,
    type: 'application',
    version: CHART_VERSION,
    appVersion,
  };
  return {
    'Chart.yaml': dumpYaml(chart),
    'values.yaml': dumpYaml(values, { lineWidth: -1 }),
    ...Object.fromEntries(
      templates.map(({ object, when }) => {
        const body = filled(templateText(object));
        const shown = when === undefined ? body : `{{- if ${when} }}\n${body}{{- end }}\n`;
        return [`templates/${templateName(object)}`, shown];
      }),
    ),
  };
}

/** The client writes what it knows the kind of by its schema, in which an expression is no value: so the kind stands apart. */
function templateText({ apiVersion, kind, ...content }: KubeObject): string {
  const { dumpYaml } = loadClient();
  return dumpYaml({ apiVersion, kind }) + dumpYaml(content, { lineWidth: -1, noRefs: true });
}

/** A chart may have a Service for a revision beside that of the model. */
function templateName(object: KubeObject): string {
  const ofRevision = object.metadata.labels?.[labels.kind] === 'revision';
  return ofRevision ? `revision-${fileName(object)}` : fileName(object);
}

/** Survives being written as YAML, also inside of JSON. */
function mark(kind: 'text' | 'raw' | 'optional', content: string): string {
  return `@@${kind}:${Buffer.from(content).toString('base64url')}@@`;
}

/** What somebody wrote must not be taken for an expression; then the expressions take their places. */
function filled(yaml: string): string {
  const read = (marked: string) => Buffer.from(marked, 'base64url').toString();
  return yaml
    .replaceAll('{{', '{{ "{{" }}')
    .replace(/^( *)(\w+): '@@optional:([\w-]+)@@'$/gm, (_, indent: string, field: string, marked: string) => {
      const { when, value } = JSON.parse(read(marked)) as { when: string; value: string };
      return [`{{- if ${when} }}`, `${indent}${field}: ${value}`, `{{- end }}`].join('\n');
    })
    .replace(/'@@raw:([\w-]+)@@'/g, (_, marked: string) => read(marked))
    .replace(/@@text:([\w-]+)@@/g, (_, marked: string) => `{{ ${read(marked)} }}`);
}
