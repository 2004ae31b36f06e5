/*
 * Imported before anything of onnxruntime is loaded.
 *
 * onnxruntime has sent usage data to its makers, and kept a database in the user's cache, since it has telemetry on all systems.
 * Nobody asked for that.
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1';

// Its binding does not know Float16Array (it finds no values in one), and takes float16 as a Uint16Array where there is no such type.
Reflect.deleteProperty(globalThis, 'Float16Array');
