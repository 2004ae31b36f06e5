import assert from 'node:assert/strict';
import type { Uri } from 'vscode';
import { webviewHtml } from '../../../src/editor/webviewHtml';

const uri = (text: string) => text as unknown as Uri;

function make(title = 'Metrics: iris'): {
  html: string;
  policy: Map<string, string>;
  nonce: string | undefined;
} {
  const html = webviewHtml(
    {
      cspSource: 'https://*.vscode-cdn.net',
      asWebviewUri: (resource) => uri(`https://cdn/${String(resource)}`),
    },
    { title, script: uri('metrics.js'), styles: [uri('codicon.css'), uri('metrics.css?a&b')] },
  );
  const [, content = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
  const policy = new Map(
    content
      .replaceAll('&#39;', "'")
      .split('; ')
      .map((directive) => {
        const [name = '', ...values] = directive.split(' ');
        return [name, values.join(' ')] as const;
      }),
  );
  return { html, policy, nonce: /<script nonce="([^"]+)"/.exec(html)?.[1] };
}

describe('webviewHtml', () => {
  it('allows nothing but its own script and the styles and fonts of the extension', () => {
    const { policy, nonce } = make();
    assert.deepEqual(Object.fromEntries(policy), {
      'default-src': "'none'",
      'script-src': `'nonce-${nonce}'`,
      'style-src': "https://*.vscode-cdn.net 'unsafe-inline'",
      'font-src': 'https://*.vscode-cdn.net',
    });
  });

  it('makes another nonce each time, of 128 bits', () => {
    const nonces = new Set(Array.from({ length: 50 }, () => make().nonce));
    assert.equal(nonces.size, 50);
    for (const nonce of nonces) assert.equal(Buffer.from(nonce ?? '', 'base64').length, 16);
  });

  it('has one script and no inline handler, and puts the policy before all that loads', () => {
    const { html } = make();
    assert.equal(html.match(/<script/g)?.length, 1);
    assert.doesNotMatch(html, /\son\w+=|<style|style=/);
    assert.ok(html.indexOf('Content-Security-Policy') < html.indexOf('<link'));
    assert.match(html, /href="https:\/\/cdn\/metrics.css\?a&amp;b"/);
  });

  it('lets no name break out of the title', () => {
    const { html } = make('</title><script>alert("x")</script>');
    assert.equal(html.match(/<script/g)?.length, 1);
    assert.match(html, /<title>&lt;\/title&gt;/);
  });
});
