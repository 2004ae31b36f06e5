/** Modules that Python 3 looks up under another name in pickles of the protocols 0 to 2. */
const modules: Record<string, string> = {
  __builtin__: 'builtins',
  copy_reg: 'copyreg',
  Queue: 'queue',
  SocketServer: 'socketserver',
  ConfigParser: 'configparser',
  repr: 'reprlib',
  commands: 'subprocess',
  cPickle: 'pickle',
  _elementtree: 'xml.etree.ElementTree',
  httplib: 'http.client',
  urllib2: 'urllib.request',
  thread: '_thread',
  dummy_thread: '_dummy_thread',
  xmlrpclib: 'xmlrpc.client',
  SimpleXMLRPCServer: 'xmlrpc.server',
  SimpleHTTPServer: 'http.server',
  BaseHTTPServer: 'http.server',
  CGIHTTPServer: 'http.server',
  exceptions: 'builtins',
};

const names: Record<string, [string, string]> = {
  '__builtin__.xrange': ['builtins', 'range'],
  '__builtin__.unicode': ['builtins', 'str'],
  '__builtin__.long': ['builtins', 'int'],
  '__builtin__.unichr': ['builtins', 'chr'],
  '__builtin__.basestring': ['builtins', 'str'],
  '__builtin__.reduce': ['functools', 'reduce'],
  '__builtin__.intern': ['sys', 'intern'],
  '__builtin__.raw_input': ['builtins', 'input'],
  'itertools.izip': ['builtins', 'zip'],
  'itertools.imap': ['builtins', 'map'],
  'itertools.ifilter': ['builtins', 'filter'],
  'urllib.urlopen': ['urllib.request', 'urlopen'],
};

/** Module and name as Python 3 finds them, for names that Python 2 wrote. */
export function python3Name(module: string, name: string): [string, string] {
  const exact = Object.hasOwn(names, `${module}.${name}`) ? names[`${module}.${name}`] : undefined;
  if (exact) return exact;
  return [Object.hasOwn(modules, module) ? (modules[module] ?? module) : module, name];
}
