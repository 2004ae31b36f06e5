import assert from 'node:assert/strict';
import { gzipSync, deflateSync } from 'node:zlib';
import {
  bytes,
  codes,
  evil,
  evil4,
  made,
  pickle,
  proto4,
  scanBytes,
  text,
  tuple1,
  verdicts,
  zip,
} from './pickles';

const mark = '(';
const reduce = 'R';
const memoize = 0x94;
const stackGlobal = 0x93;

/** What must be seen as dangerous, by what it does to hide. */
const dangerous: Record<string, [content: Buffer, imported: string]> = {
  'a plain call': [pickle(evil, '.'), 'os.system'],
  'a reference without a call': [pickle('cos\nsystem\n.'), 'os.system'],
  'builtins.getattr': [pickle("cbuiltins\ngetattr\n(cos\nsystem\nS'x'\ntR(S'id'\ntR."), 'builtins.getattr'],
  'the module of the system': [pickle('cposix\nsystem\n', text('id'), tuple1, reduce, '.'), 'posix.system'],
  'Python 2 names': [pickle("c__builtin__\neval\n(S'1'\ntR."), '__builtin__.eval'],
  'module and name from the memo': [
    pickle(proto4, text('os'), memoize, '0', text('system'), memoize, '0h\0h\x01', stackGlobal, ')R.'),
    'os.system',
  ],
  'a memo entry that is overwritten': [
    pickle(proto4, text('numpy'), 'q\x010', text('os'), 'q\x010h\x01', text('system'), stackGlobal, ')R.'),
    'os.system',
  ],
  'a memo entry by text': [pickle('Vos\np7\n0Vsystem\np-0\n0g 0_7\ng0\n', stackGlobal, ')R.'), 'os.system'],
  'escapes of protocol 0': [pickle("S'\\x6f\\163'\nV\\u0073ystem\n", stackGlobal, ')R.'), 'os.system'],
  INST: [pickle("(S'id'\nios\nsystem\n."), 'os.system'],
  OBJ: [pickle("(cos\nsystem\nS'id'\no."), 'os.system'],
  NEWOBJ: [pickle('csubprocess\nPopen\n', text('id'), tuple1, 0x81, '.'), 'subprocess.Popen'],
  NEWOBJ_EX: [pickle('csubprocess\nPopen\n', text('id'), tuple1, '}', 0x92, '.'), 'subprocess.Popen'],
  'numbers and truth values around it': [pickle('I01\n0I00\n0L5L\n0F1.5\n0', evil, '.'), 'os.system'],
  'games with marks': [pickle(mark, mark, '1', mark, 'N2010', 'N2', '0', '0', evil, '.'), 'os.system'],
  'a second pickle after the first': [pickle(proto4, 'N.', proto4, evil4, '.'), 'os.system'],
  'a pickle in bytes': [pickle(proto4, bytes(pickle(proto4, evil4, '.')), '.'), 'os.system'],
  'an old pickle in bytes': [pickle(proto4, bytes(pickle(evil, '.')), '.'), 'os.system'],
  'a broken pickle in bytes': [pickle(proto4, bytes(pickle(proto4, evil4, 'zzzz')), '.'), 'os.system'],
  'a pickle in text that becomes bytes': [
    pickle('c_codecs\nencode\n(V', evil.toString('latin1').replaceAll('\n', '\\u000a'), '.\nVlatin1\ntR.'),
    'os.system',
  ],
  'a pickle in a pickle in a pickle': [
    pickle(proto4, bytes(pickle(proto4, bytes(pickle(proto4, evil4, '.')), '.')), '.'),
    'os.system',
  ],
  'a broken end': [pickle(evil, 'zzz'), 'os.system'],
  'a missing end of a line': [pickle('csocket\ncreate_'), 'socket.create'],
  'a missing mark': [pickle('ios\nsystem\n.'), 'os.system'],
  'a missing end': [evil, 'os.system'],
  'a stack that runs empty': [pickle(evil, '000000.'), 'os.system'],
  'a dotted name in a module that passes it on': [
    pickle(proto4, text('sklearn.utils.fixes'), text('os.system'), stackGlobal, ')R.'),
    'sklearn.utils.fixes.os.system',
  ],
  'a dotted name beyond a class': [
    pickle(proto4, text('numpy'), text('ndarray.__init__.__globals__'), stackGlobal, '.'),
    'numpy.ndarray.__init__.__globals__',
  ],
  'a tester of numpy': [
    pickle('cnumpy.testing._private.utils\nrunstring\n)R.'),
    'numpy.testing._private.utils.runstring',
  ],
  'a line that ends like in DOS': [pickle("cos\r\nsystem\r\n(S'id'\ntR."), 'os\r.system\r'],
  'a loader of pickles': [pickle('cjoblib\nload\n)R.'), 'joblib.load'],
  'a reader of pandas': [pickle('cpandas\nread_pickle\n)R.'), 'pandas.read_pickle'],
  'a partial function': [pickle('cfunctools\npartial\n)R.'), 'functools.partial'],
  'a partial function of what is made': [
    pickle('cfunctools\npartial\n(cnumpy\nlog\ntR(', made('x'), '))Ntb.'),
    'functools.partial',
  ],
  'a module that is imported by cloudpickle': [subimport(text('subprocess')), 'subprocess'],
  'a module that is imported by cloudpickle under a name that is made': [
    subimport(made('os')),
    'cloudpickle.cloudpickle.subimport',
  ],
  'a maker of generators': [
    pickle('cnumpy.random._pickle\n__bit_generator_ctor\n(cnumpy.matrixlib.defmatrix\nmatrix\ntR.'),
    'numpy.random._pickle.__bit_generator_ctor',
  ],
  'a function made of code': [pickle('ctypes\nFunctionType\n)R.'), 'types.FunctionType'],
  'the start of another format': [pickle('BZh\0\0', Buffer.alloc(0x685a), evil, '.'), 'os.system'],
  'gzip around it': [gzipSync(pickle(evil, '.')), 'os.system'],
  'zlib around it': [deflateSync(pickle(evil, '.')), 'os.system'],
  'two zlib streams': [
    Buffer.concat([deflateSync(pickle(proto4, 'N0')), deflateSync(pickle(evil, '.'))]),
    'os.system',
  ],
  'two gzip streams': [
    Buffer.concat([gzipSync(pickle(proto4, 'N0')), gzipSync(pickle(evil, '.'))]),
    'os.system',
  ],
  'a wrong checksum': [withoutEnd(gzipSync(pickle(evil, '.')), 8, Buffer.alloc(8)), 'os.system'],
  'a wrong checksum of zlib': [withoutEnd(deflateSync(pickle(evil, '.')), 4, Buffer.alloc(4)), 'os.system'],
  'a missing checksum': [withoutEnd(deflateSync(pickle(evil, '.')), 4), 'os.system'],
  'compressed data that is cut off': [withoutEnd(deflateSync(pickle(evil, '.')), 6), 'os.system'],
  'a zip file': [zip({ 'archive/data.pkl': pickle(proto4, evil4, '.') }), 'os.system'],
  'a packed zip file': [zip({ 'archive/data.pkl': pickle(proto4, evil4, '.') }, true), 'os.system'],
  'another name in a zip file': [zip({ readme: pickle(proto4, evil4, '.') }), 'os.system'],
  'an array file': [npyOf(pickle(proto4, evil4, '.')), 'os.system'],
  'an array file in a zip file': [zip({ 'x.npy': npyOf(pickle(proto4, evil4, '.')) }, true), 'os.system'],
};

describe('pickles that would run something', () => {
  for (const [how, [content, imported]] of Object.entries(dangerous)) {
    it(`are seen behind ${how}`, async () => {
      const scan = await scanBytes(content);
      assert.equal(verdicts(scan)[imported], 'dangerous', JSON.stringify(scan));
      assert.ok(codes(scan, 'danger').includes('dangerous-import'));
      assert.ok(!codes(scan).includes('known-imports'));
    });
  }

  it('say what is called', async () => {
    const called = await scanBytes(pickle(evil, '.'));
    assert.equal(called.imports[0]?.called, true);
    assert.equal(called.findings[0]?.message, 'It imports `os.system`, which can run commands.');
    assert.equal((await scanBytes(pickle('cos\nsystem\n.'))).imports[0]?.called, false);
  });
});

/** What can not be known, and counts as dangerous for that. */
const hidden: Record<string, [content: Buffer, code: string]> = {
  'a name that is made while loading': [
    pickle(proto4, text('os'), 'cbuiltins\nstr\n)R', stackGlobal, ')R.'),
    'hidden-import',
  ],
  'text of an odd encoding': [
    pickle('c_codecs\nencode\n(Vbf\nVrot13\ntRVfoo\n', stackGlobal, '.'),
    'hidden-import',
  ],
  'the extension registry': [pickle(proto4, 0x82, 1, ')R.'), 'extension-registry'],
  'a large entry of the extension registry': [pickle(proto4, 0x84, 1, 1, 1, 1, ')R.'), 'extension-registry'],
  'a __setstate__ of its own': [
    pickle("c__main__\nThing\n)R}S'__setstate__'\nc__main__\nrun\nsbS'id'\nb."),
    'changes-methods',
  ],
  'a __reduce__ of its own': [
    pickle("c__main__\nThing\n)RN}S'__reduce__'\nNs", 0x86, 'b.'),
    'changes-methods',
  ],
  'the state of a class': [pickle("cnumpy\nndarray\n}S'shape'\nNsb."), 'changes-class'],
  'a call of what a call answered': [pickle('cnumpy\nndarray\n)R)R.'), 'computed-call'],
  'a letter that only looks like one': [pickle('c', Buffer.from('n\u0443mpy'), '\nndarray\n)R.'), 'odd-name'],
  'a newline in a name': [pickle(proto4, text('numpy\n'), text('ndarray'), stackGlobal, '.'), 'odd-name'],
};

const bytes8 = 'C\x08AAAAAAAA';
/** An array of one item with this dtype. */
const arrayOf = (dtype: Buffer, data: string): Buffer =>
  pickle(
    'cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0',
    tuple1,
    'C\x01btR(K\x01K\x01',
    tuple1,
    dtype,
    0x89,
    data,
    'tb.',
  );
/** A dtype with a state. */
const dtypeOf = (
  name: string | Buffer,
  flags: number,
  fields = pickle('NN'),
  size = pickle('J\xff\xff\xff\xff'),
): Buffer =>
  pickle(
    'cnumpy\ndtype\n',
    typeof name === 'string' ? text(name) : name,
    0x89,
    0x88,
    0x87,
    'R(K\x03',
    text('|'),
    'N',
    fields,
    size,
    'J\xff\xff\xff\xffK',
    flags,
    'tb',
  );

describe('pickles that take bytes for objects', () => {
  const inField = pickle(text('a'), tuple1, '}', text('a'), dtypeOf('O8', 63), 'K\0', 0x86, 's');
  const cases: Record<string, Buffer> = {
    'an object without its flags': dtypeOf('O8', 0),
    'an object that comes as bytes': dtypeOf('O8', 1),
    'an object under another name': dtypeOf('O', 0),
    'an object as a class': dtypeOf(pickle('cbuiltins\nobject\n'), 0),
    'an object in a field': dtypeOf('V8', 0, inField, pickle('K\x08')),
    'objects that are bytes': dtypeOf('O8', 63),
  };
  for (const [how, dtype] of Object.entries(cases)) {
    it(`are dangerous by ${how}`, async () => {
      const scan = await scanBytes(pickle(proto4, arrayOf(dtype, bytes8)));
      assert.ok(codes(scan, 'danger').includes('array-data'), JSON.stringify(scan));
    });
  }

  it('are none where the dtype is as numpy writes it', async () => {
    for (const dtype of [
      dtypeOf('f8', 0),
      dtypeOf(
        'V8',
        16,
        pickle(text('a'), tuple1, '}', text('a'), dtypeOf('f8', 0), 'K\0', 0x86, 's'),
        pickle('K\x08'),
      ),
    ])
      assert.deepEqual(codes(await scanBytes(pickle(proto4, arrayOf(dtype, bytes8)))), ['known-imports']);
    const objects = await scanBytes(
      pickle(proto4, arrayOf(dtypeOf('V8', 27, inField, pickle('K\x08')), ']Na')),
    );
    assert.deepEqual(codes(objects), ['known-imports']);
  });
});

describe('pickles that hide what they import', () => {
  for (const [how, [content, code]] of Object.entries(hidden)) {
    it(`are dangerous by ${how}`, async () => {
      const scan = await scanBytes(content);
      assert.ok(codes(scan, 'danger').includes(code), JSON.stringify(scan));
    });
  }

  it('show no character of a name that could mislead', async () => {
    const scan = await scanBytes(pickle('c', Buffer.from('n\u0443mpy\u202e'), '\nndarray\n)R.'));
    for (const { message } of scan.findings) assert.match(message, /^[\x20-\x7e]+$/);
  });
});

function subimport(module: Uint8Array): Buffer {
  return pickle(proto4, 'ccloudpickle.cloudpickle\nsubimport\n', module, tuple1, 'R.');
}

function npyOf(content: Buffer): Buffer {
  const header = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n";
  return pickle('\x93NUMPY\x01\0', header.length, 0, header, content);
}

function withoutEnd(content: Buffer, count: number, end = Buffer.alloc(0)): Buffer {
  return Buffer.concat([content.subarray(0, -count), end]);
}
