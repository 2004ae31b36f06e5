import { sklearnClasses } from './sklearnNames';

/** Names that are needed to put objects of these modules together, and that do nothing else. */
const byModule: [modules: string, names: string][] = [
  [
    'builtins',
    'list dict set frozenset tuple object slice complex bytearray bytes range int float str bool NoneType Ellipsis NotImplemented Exception ValueError TypeError KeyError RuntimeError UserWarning',
  ],
  ['types', 'SimpleNamespace NoneType'],
  ['copyreg', '_reconstructor __newobj__ __newobj_ex__'],
  ['_codecs', 'encode'],
  ['collections', 'OrderedDict defaultdict deque Counter UserDict'],
  // What it imports is judged by its name.
  [
    'cloudpickle cloudpickle.cloudpickle joblib.externals.cloudpickle joblib.externals.cloudpickle.cloudpickle',
    'subimport',
  ],
  ['functools _functools', 'partial'],
  ['datetime', 'date datetime time timedelta timezone'],
  ['decimal', 'Decimal'],
  ['fractions', 'Fraction'],
  ['uuid', 'UUID'],
  ['pathlib', 'Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath'],
  ['re', '_compile'],
  [
    'numpy',
    'ndarray dtype matrix recarray record generic number void object_ str_ bytes_ unicode_ string_ bool_ bool',
  ],
  [
    'numpy',
    'float16 float32 float64 float128 longdouble int8 int16 int32 int64 intc intp uint8 uint16 uint32 uint64 uintc uintp longlong ulonglong complex64 complex128 complex256 datetime64 timedelta64 half single double',
  ],
  [
    'numpy numpy.core._multiarray_umath numpy._core._multiarray_umath numpy.core.umath numpy._core.umath',
    'log log1p log2 log10 exp expm1 exp2 sqrt cbrt square abs absolute sign sin cos tan arcsin arccos arctan sinh cosh tanh reciprocal negative add subtract multiply divide maximum minimum power floor ceil rint isnan isfinite logical_not',
  ],
  ['numpy', 'mean median std var sum min max argmax argmin nanmean nanmedian nan_to_num asarray array'],
  ['numpy.core.multiarray numpy._core.multiarray', '_reconstruct scalar'],
  ['numpy.core.numeric numpy._core.numeric', '_frombuffer'],
  ['numpy.core.records numpy._core.records numpy.rec', 'recarray record'],
  ['numpy.ma.core numpy.ma', 'MaskedArray _mareconstruct MaskedConstant'],
  ['numpy.matrixlib.defmatrix', 'matrix'],
  ['numpy.random', '__RandomState_ctor'],
  ['numpy.random._pickle', '__randomstate_ctor __bit_generator_ctor __generator_ctor'],
  ['numpy.random.mtrand', 'RandomState __RandomState_ctor'],
  ['numpy.random._generator', 'Generator'],
  ['numpy.random._mt19937', 'MT19937'],
  ['numpy.random._pcg64', 'PCG64 PCG64DXSM'],
  ['numpy.random._philox', 'Philox'],
  ['numpy.random._sfc64', 'SFC64'],
  ['numpy.random.bit_generator', 'SeedSequence __pyx_unpickle_SeedSequence'],
  [
    'numpy.dtypes',
    'Float16DType Float32DType Float64DType Int8DType Int16DType Int32DType Int64DType UInt8DType UInt16DType UInt32DType UInt64DType BoolDType StrDType ObjectDType',
  ],
  [
    'scipy.sparse scipy.sparse._csr scipy.sparse._csc scipy.sparse._coo scipy.sparse._lil scipy.sparse._dok scipy.sparse._dia scipy.sparse._bsr scipy.sparse.csr scipy.sparse.csc scipy.sparse.coo scipy.sparse.lil scipy.sparse.dok scipy.sparse.dia scipy.sparse.bsr',
    'csr_matrix csc_matrix coo_matrix lil_matrix dok_matrix dia_matrix bsr_matrix csr_array csc_array coo_array lil_array dok_array dia_array bsr_array',
  ],
  ['scipy.interpolate._bsplines scipy.interpolate', 'BSpline'],
  ['scipy.interpolate._interpolate scipy.interpolate.interpolate scipy.interpolate', 'interp1d PPoly BPoly'],
  ['scipy.spatial._ckdtree scipy.spatial.ckdtree scipy.spatial._kdtree', 'cKDTree KDTree'],
  ['scipy.special._ufuncs', 'expit logit'],
  ['pandas pandas.core.frame', 'DataFrame'],
  ['pandas pandas.core.series', 'Series'],
  [
    'pandas pandas.core.indexes.base pandas.core.indexes.range pandas.core.indexes.multi pandas.core.indexes.datetimes pandas.core.indexes.numeric pandas.core.indexes.category pandas.core.indexes.interval pandas.core.indexes.timedeltas pandas.core.indexes.period',
    'Index RangeIndex MultiIndex DatetimeIndex Int64Index UInt64Index Float64Index CategoricalIndex IntervalIndex TimedeltaIndex PeriodIndex _new_Index _new_DatetimeIndex',
  ],
  ['pandas.core.indexes.frozen', 'FrozenList'],
  ['pandas.core.internals.managers', 'BlockManager SingleBlockManager'],
  ['pandas._libs.internals', '_unpickle_block BlockPlacement'],
  [
    'pandas.core.internals.blocks',
    'new_block Block NumericBlock ObjectBlock ExtensionBlock DatetimeLikeBlock',
  ],
  ['pandas._libs.arrays', '__pyx_unpickle_NDArrayBacked'],
  ['pandas.core.arrays.categorical pandas', 'Categorical'],
  ['pandas.core.arrays.datetimes', 'DatetimeArray'],
  ['pandas.core.arrays.timedeltas', 'TimedeltaArray'],
  [
    'pandas.core.arrays.integer',
    'IntegerArray Int8Dtype Int16Dtype Int32Dtype Int64Dtype UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype',
  ],
  ['pandas.core.arrays.floating', 'FloatingArray Float32Dtype Float64Dtype'],
  ['pandas.core.arrays.boolean', 'BooleanArray BooleanDtype'],
  ['pandas.core.arrays.string_ pandas', 'StringArray StringDtype'],
  ['pandas.core.arrays.string_arrow', 'ArrowStringArray ArrowStringArrayNumpySemantics'],
  [
    'pandas.arrays',
    'ArrowStringArray BooleanArray Categorical DatetimeArray FloatingArray IntegerArray NumpyExtensionArray StringArray TimedeltaArray',
  ],
  [
    'pandas',
    'BooleanDtype Float32Dtype Float64Dtype Int8Dtype Int16Dtype Int32Dtype Int64Dtype UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype',
  ],
  ['pyarrow.lib', '_restore_array py_buffer type_for_alias'],
  ['pandas.core.dtypes.dtypes pandas', 'CategoricalDtype DatetimeTZDtype IntervalDtype PeriodDtype'],
  ['pandas._libs.tslibs.timestamps', '_unpickle_timestamp Timestamp'],
  ['pandas._libs.tslibs.timedeltas', '_timedelta_unpickle Timedelta'],
  ['pandas._libs.tslibs.nattype', '_nat_unpickle NaTType'],
  ['pandas._libs.tslibs.offsets', 'Day Hour Minute Second MonthEnd'],
  ['pandas._libs.missing', 'NAType'],
  ['pandas.core.flags', 'Flags'],
  ['joblib.numpy_pickle', 'NumpyArrayWrapper'],
  ['xgboost.core', 'Booster'],
  [
    'xgboost.sklearn xgboost',
    'XGBModel XGBClassifier XGBRegressor XGBRanker XGBRFClassifier XGBRFRegressor Booster',
  ],
  ['lightgbm.basic lightgbm', 'Booster'],
  ['lightgbm.sklearn lightgbm', 'LGBMModel LGBMClassifier LGBMRegressor LGBMRanker'],
  ['lightgbm.compat', '_LGBMLabelEncoder'],
  [
    'sklearn.metrics._dist_metrics sklearn.neighbors._dist_metrics sklearn.neighbors._kd_tree sklearn.neighbors._ball_tree sklearn.neighbors.kd_tree sklearn.neighbors.ball_tree sklearn.neighbors.dist_metrics',
    'newObj',
  ],
  ['sklearn.feature_selection._univariate_selection', 'f_classif f_regression f_oneway chi2 r_regression'],
  ['sklearn.feature_selection._mutual_info', 'mutual_info_classif mutual_info_regression'],
  ['sklearn.metrics._scorer', '_passthrough_scorer'],
  [
    'sklearn.metrics._classification',
    'accuracy_score balanced_accuracy_score f1_score precision_score recall_score log_loss brier_score_loss matthews_corrcoef jaccard_score',
  ],
  ['sklearn.metrics._ranking', 'roc_auc_score average_precision_score top_k_accuracy_score'],
  [
    'sklearn.metrics._regression',
    'r2_score mean_squared_error mean_absolute_error median_absolute_error max_error explained_variance_score mean_squared_log_error mean_absolute_percentage_error',
  ],
  [
    'sklearn.metrics.pairwise',
    'rbf_kernel linear_kernel polynomial_kernel cosine_similarity euclidean_distances',
  ],
  ['sklearn.preprocessing._function_transformer', '_identity'],
  ['sklearn.compose._column_transformer', 'make_column_selector'],
  ['sklearn.utils.validation', 'check_array'],
  ['sklearn.cluster._kmeans', '_kmeans_single_lloyd _kmeans_single_elkan'],
  ['scipy._lib.array_api_compat.numpy._aliases', 'asarray'],
  ['pytz', '_UTC _p'],
];

const allowed = new Set(
  byModule.flatMap(([modules, names]) =>
    modules.split(' ').flatMap((module) => names.split(' ').map((name) => `${module}.${name}`)),
  ),
);

/** Parts of scikit-learn that fetch, test or start something. */
const sklearnLeftOut =
  /^sklearn\.(callback|externals|datasets|conftest|utils\.(_testing|parallel|_joblib|fixes|estimator_checks|discovery|_pprint))(\.|$)|\.tests?(\.|$)|\.conftest$/;

/** Whether the name is known to do no more than make an object of data. */
export function isAllowed(module: string, name: string): boolean {
  if (allowed.has(`${module}.${name}`)) return !name.includes('.');
  if (!/^sklearn\.[\w.]+$/.test(module) || sklearnLeftOut.test(module)) return false;
  if (/^__pyx_unpickle_\w+$/.test(name)) return /^sklearn(\.\w+)*\._\w+$/.test(module);
  return sklearnClasses.has(name);
}
