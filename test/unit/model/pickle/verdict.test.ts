import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { verdictOf } from '../../../../src/core/model/pickle/verdict';

const estimators = `
from sklearn.utils import all_estimators
for _, cls in all_estimators():
    print(cls.__module__, cls.__name__)
`;

describe('the verdict over a name', () => {
  it('allows all estimators of scikit-learn', () => {
    const lines = execFileSync('/usr/bin/python3', ['-W', 'ignore', '-c', estimators])
      .toString()
      .trim()
      .split('\n');
    assert.ok(lines.length > 150);
    const unknown = lines.filter((line) => {
      const [module = '', name = ''] = line.split(' ');
      return verdictOf(module, name) !== 'allowed';
    });
    assert.deepEqual(unknown, []);
  });

  const harmful = {
    'run commands':
      'uuid._get_command_stdout _aix_support._read_cmd_output _osx_support._read_output _pyrepl.pager.pipe_pager pipes.Template mlflow.projects.run _winapi.CreateProcess',
    'run any code':
      'typing._eval_type typing.get_type_hints typing.ForwardRef._evaluate tkinter.Tcl pandas.DataFrame.query pandas.core.frame.DataFrame.eval torch.ops.load_library keras.layers.Lambda numexpr.evaluate',
    'call or reach any function':
      'weakref.finalize copyreg.pickle copyreg.add_extension string.Formatter.get_field pandas.DataFrame.apply pandas.core.generic.NDFrame.pipe hydra.utils.instantiate joblib.Parallel',
    'load another pickle':
      'pstats.Stats numpy.load joblib.Memory joblib.load joblib.externals.cloudpickle.loads cloudpickle.loads dill.load_session dill._dill.loads torch.load torch.utils._config_module.load_config mlflow.pyfunc.load_model nltk.data.load networkx.read_gpickle gensim.utils.unpickle statsmodels.iolib.smpickle.load_pickle numba.core.serialize._numba_unpickle',
    'read and write files':
      'pandas.DataFrame.to_pickle pandas.read_csv pandas.io.parsers.read_table numpy.savez numpy.save numpy.fromfile numpy.ndarray.tofile numpy.ndarray.dump',
  };
  for (const [danger, names] of Object.entries(harmful)) {
    it(`counts as dangerous what can ${danger}`, () => {
      for (const each of names.split(' ')) {
        const parts = each.split('.');
        for (let at = 1; at < parts.length; at++)
          assert.equal(verdictOf(parts.slice(0, at).join('.'), parts.slice(at).join('.')), 'dangerous', each);
      }
    });
  }

  it('leaves unknown what only has a similar name', () => {
    for (const [module, name] of [
      ['pandas.core.frame', 'DataFrame.to_numpy'],
      ['torch.nn.modules.linear', 'Linear'],
      ['mlflow.pyfunc.model', 'PythonModel'],
      ['cloudpickle.cloudpickle', '_make_function'],
    ] as const)
      assert.equal(verdictOf(module, name), 'unknown', name);
  });

  it('does not allow what a module of scikit-learn has from elsewhere, or what it will bring', () => {
    const names: Record<string, string[]> = {
      dangerous: [
        'callback._transport Client',
        'callback._transport Listener',
        'callback._progressbar Thread',
      ],
      unknown: [
        'callback._progressbar Queue',
        'cluster._bicluster ABCMeta',
        '_cyutility Enum',
        'utils._encode NamedTuple',
        'preprocessing._polynomial BSpline',
        'ensemble._new NewForest',
      ],
    };
    for (const [verdict, all] of Object.entries(names)) {
      for (const each of all) {
        const [module = '', name = ''] = each.split(' ');
        assert.equal(verdictOf(`sklearn.${module}`, name), verdict, each);
      }
    }
  });
});
