import { nameFound } from './python2Names';

/** Packages of data science that a classes' module may belong to; what is of no known one is the author's own. */
const packages =
  'sklearn numpy scipy pandas joblib xgboost lightgbm catboost torch torchvision tensorflow keras cloudpickle dill skops imblearn category_encoders statsmodels prophet optuna mlflow onnx shap polars pyarrow transformers sentence_transformers spacy nltk gensim networkx feature_engine mlxtend sktime tslearn umap hdbscan PIL cv2 matplotlib sklearn_pandas xlearn fastai interpret econml loky lightning numba dask pytz dateutil';

/** Modules of Python's own library that pickles name. */
const standard =
  '__builtin__ __future__ _codecs _collections _collections_abc _datetime _decimal _functools _io _operator _pickle _posixsubprocess _random _socket _sre _struct _thread _weakref abc argparse array ast asyncio atexit base64 bdb binascii bisect builtins bz2 calendar cgi cmath cmd code codecs codeop collections colorsys commands compileall concurrent configparser contextlib contextvars copy copy_reg copyreg cProfile csv ctypes cPickle dataclasses datetime dbm decimal difflib dis distutils doctest email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html http idlelib imaplib imp importlib inspect io ipaddress itertools json keyword lib2to3 linecache locale logging lzma mailbox marshal math mimetypes mmap modulefinder multiprocessing netrc nntplib nt ntpath numbers opcode operator optparse os pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile pydoc queue quopri random re reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site smtpd smtplib socket socketserver sqlite3 ssl stat statistics string struct subprocess symtable sys sysconfig syslog tarfile telnetlib tempfile termios test textwrap threading time timeit tkinter token tokenize tomllib trace traceback tty types typing unicodedata unittest urllib urllib2 uu uuid venv warnings weakref webbrowser winreg wsgiref xml xmlrpc zipapp zipfile zipimport zlib zoneinfo';

const known = new Set(`${packages} ${standard}`.split(' '));

/** Whether a module belongs to Python or to a package that is known, for a loader of what stands in a pickle of `protocol`. */
export function isKnownModule(module: string, protocol = 0): boolean {
  const top = module.split('.')[0] ?? '';
  return known.has(top) && nameFound(top, '', 0)[0] === nameFound(top, '', protocol)[0];
}
