import { fullName } from './pickleScan';

/** What a name can do, for modules all of whose names can do it, along with the modules below them. */
const modules: [danger: string, names: string][] = [
  [
    'run commands',
    'os posix nt subprocess _posixsubprocess commands popen2 pty platform posixpath ntpath genericpath asyncore pexpect plumbum paramiko nturl2path uuid._get_command_stdout _aix_support _osx_support _pyrepl pipes _winapi mlflow.projects',
  ],
  [
    'run any code',
    'builtins.eval builtins.exec builtins.compile builtins.execfile builtins.breakpoint builtins.input code codeop runpy bdb pdb timeit cProfile profile trace doctest idlelib test.support unittest lib2to3 pydoc rlcompleter ctypes _ctypes cffi types marshal sys site sysconfig inspect gc atexit sched faulthandler IPython ipykernel jupyter pytest _pytest nose setuptools distutils pkg_resources pip ensurepip venv conda pyximport numpy.testing numpy.f2py numpy.distutils numpy.ctypeslib numpy.lib.utils sympy jinja2 mako torch._dynamo torch._inductor torch.utils.bottleneck torch.utils.collect_env torch.utils.cpp_extension torch.distributed torch.fx torch.jit torch.testing torch.package torch.hub torch._C._jit cloudpickle.cloudpickle.dynamic_subimport joblib.externals.cloudpickle.cloudpickle.dynamic_subimport dill._dill._import_module dill._dill._eval_repr pandas.eval pandas.core.computation sklearn.utils._testing __pypy__ _testcapi win32api gdb lldb typing._eval_type typing.get_type_hints typing.ForwardRef._evaluate tkinter _tkinter turtle numexpr keras.layers.Lambda keras.src.layers.core.lambda_layer tensorflow.keras.layers.Lambda torch.ops.load_library torch.classes.load_library',
  ],
  [
    'import any module',
    'builtins.__import__ importlib _frozen_importlib _frozen_importlib_external imp _imp zipimport pkgutil modulefinder',
  ],
  [
    'reach any attribute, and so any function',
    'builtins.getattr builtins.setattr builtins.delattr builtins.vars builtins.globals builtins.locals builtins.dir builtins.super builtins.classmethod builtins.staticmethod builtins.property builtins.__dict__ builtins.map builtins.filter builtins.help string.Formatter weakref.finalize copyreg.pickle copyreg.add_extension hydra operator.attrgetter operator.methodcaller operator.call _operator.attrgetter _operator.methodcaller _operator.call functools.partialmethod functools.reduce functools.singledispatch _functools.reduce itertools.starmap itertools.accumulate',
  ],
  [
    'load another pickle',
    'pickle _pickle cPickle pickletools shelve dill.load dill.loads dill._dill.load dill._dill.loads cloudpickle.load cloudpickle.loads cloudpickle.cloudpickle.load cloudpickle.cloudpickle.loads joblib.load joblib.numpy_pickle.load joblib.numpy_pickle_compat.load_compatibility joblib.numpy_pickle_compat.load joblib.numpy_pickle.load_temporary_memmap sklearn.externals.joblib.load numpy.load numpy.lib.npyio numpy.lib.format numpy.lib._npyio_impl numpy.core.multiarray.fromfile numpy.core._multiarray_umath.fromfile pandas.read_pickle pandas.io.pickle pandas.compat.pickle_compat torch.load torch.serialization torch._utils_internal torch.storage._load_from_bytes torch.models keras.models.load_model keras.saving tensorflow.keras.models.load_model joblib.memory joblib.Memory pstats nltk.data networkx.read_gpickle networkx.readwrite.gpickle gensim.utils.unpickle statsmodels.iolib.smpickle numba.core.serialize torch.utils._config_module jsonpickle yaml _yaml ruamel skops.io sklearn.datasets',
  ],
  [
    'use the network',
    'socket _socket ssl _ssl http httplib urllib urllib2 urllib3 ftplib smtplib smtpd poplib imaplib nntplib telnetlib xmlrpc xmlrpclib socketserver SocketServer wsgiref requests aiohttp httpx webbrowser antigravity asyncio asynchat twisted boto3 botocore pandas.io cgi cgitb sklearn.callback._transport',
  ],
  [
    'start processes and threads',
    'multiprocessing _multiprocessing threading _thread thread concurrent signal _signal joblib.parallel joblib.Parallel joblib.executor joblib.externals.loky loky sklearn.utils.parallel sklearn.callback._progressbar.Thread',
  ],
  [
    'read and write files',
    'builtins.open io _io codecs.open shutil tempfile fileinput linecache glob filecmp zipfile tarfile zipapp sqlite3 _sqlite3 dbm gdbm mmap logging.config logging.handlers logging.FileHandler py_compile compileall numpy.fromfile numpy.memmap numpy.core.memmap joblib.dump joblib.numpy_pickle.dump numpy.save numpy.savez numpy.savez_compressed numpy.savetxt numpy.genfromtxt numpy.loadtxt numpy.DataSource numpy.lib._datasource pathlib.Path.unlink winreg _winreg msilib pwd grp fcntl resource termios tty',
  ],
];

const dangers = new Map(
  modules.flatMap(([danger, names]) => names.split(' ').map((name) => [name, danger] as const)),
);

/** Functions of libraries by what their names begin with, wherever the library has them. */
const patterns: [danger: string, names: RegExp][] = [
  [
    'load another pickle',
    /^(cloudpickle|dill|joblib\.externals\.cloudpickle|torch|keras|mlflow)(\.\w+)*\.(load|restore)\w*$/,
  ],
  ['read and write files', /^pandas(\.\w+)*\.read_\w+$/],
  [
    'read and write files',
    /^pandas(\.\w+)*\.(DataFrame|Series|NDFrame|Index)\.to_(pickle|csv|excel|hdf|json|parquet|sql|feather|stata|html|xml|latex|orc|clipboard|gbq|markdown|string)$/,
  ],
  ['run any code', /^pandas(\.\w+)*\.(DataFrame|NDFrame)\.(query|eval)$/],
  [
    'call any function',
    /^pandas(\.\w+)*\.(DataFrame|Series|NDFrame|Index)\.(apply|applymap|map|pipe|agg|aggregate|transform)$/,
  ],
  ['read and write files', /^numpy(\.\w+)*\.ndarray\.(tofile|dump)$/],
];

/** Last parts of names that mean the same wherever a module passes them on. */
const anywhere = new Map<string, string>([
  ...['system', 'popen', 'Popen', 'spawnl', 'spawnv', 'spawnlp', 'spawnvp', 'execv', 'execve', 'execl'].map(
    (name) => [name, 'run commands'] as const,
  ),
  ...['check_output', 'check_call', 'getoutput', 'getstatusoutput', 'fork', 'posix_spawn', 'startfile'].map(
    (name) => [name, 'run commands'] as const,
  ),
  ...[
    'eval',
    'exec',
    'execfile',
    'runstring',
    'runcode',
    'runctx',
    'run_module',
    'run_path',
    '__globals__',
  ].map((name) => [name, 'run any code'] as const),
  ...['__import__', 'import_module', 'find_spec', 'exec_module', 'load_module', 'resolve_name'].map(
    (name) => [name, 'import any module'] as const,
  ),
  ...[
    '__builtins__',
    '__subclasses__',
    '__getattribute__',
    '__reduce__',
    '__reduce_ex__',
    'getattr',
    'setattr',
  ].map((name) => [name, 'reach any attribute, and so any function'] as const),
  ...['__code__', '__init__', '__call__', '__class__', '__mro__', '__base__', '__bases__', '__dict__'].map(
    (name) => [name, 'reach any attribute, and so any function'] as const,
  ),
]);

/** What the name, or a whole module where it is empty, is known to be able to do to whoever loads it, in words that follow "can". */
export function knownDanger(module: string, name: string): string | undefined {
  const parts = fullName(module, name)
    .split('.')
    .map((part) => part.trim());
  for (let count = parts.length; count > 0; count--) {
    const danger = dangers.get(parts.slice(0, count).join('.'));
    if (danger !== undefined) return danger;
  }
  const whole = parts.join('.');
  const pattern = patterns.find(([, names]) => names.test(whole));
  if (pattern) return pattern[0];
  const nameParts = name.split('.').map((part) => part.trim());
  for (const part of nameParts) {
    const danger = anywhere.get(part);
    if (danger !== undefined) return danger;
  }
  // A module that another one has imported: `shutil` of `os`, as a name or as one part of it.
  for (const part of nameParts.length > 1 ? nameParts : []) {
    const danger = dangers.get(part);
    if (danger !== undefined) return danger;
  }
  return undefined;
}
