// npm's `memcached` through ringway: node check.js FOLDER_OF_NODE_MODULES HOST:PORT
// Prints how many checks passed; any that fails ends it with an error.
'use strict';

const assert = require('assert');
const path = require('path');
const Memcached = require(path.join(process.argv[2], 'node_modules', 'memcached'));

const client = new Memcached(process.argv[3], { timeout: 5000, retries: 0 });
let checks = 0;

// The client calls back with (error, data).
function call(name, ...words) {
  return new Promise((resolve, reject) => {
    client[name](...words, (error, data) => (error ? reject(error) : resolve(data)));
  });
}

function same(found, wanted) {
  assert.deepStrictEqual(found, wanted);
  checks += 1;
}

async function refused(promise) {
  await assert.rejects(promise);
  checks += 1;
}

async function all() {
  same(await call('set', 'js:a', 'text', 100), true);
  same(await call('get', 'js:a'), 'text');
  same(await call('get', 'js:none'), undefined);
  await refused(call('add', 'js:a', 'x', 100));
  same(await call('add', 'js:new' + process.pid, 'x', 100), true);
  same(await call('replace', 'js:a', 'other', 100), true);
  same(await call('append', 'js:a', '>'), true);
  same(await call('prepend', 'js:a', '<'), true);
  same(await call('get', 'js:a'), '<other>');
  const { cas } = await call('gets', 'js:a');
  same(await call('cas', 'js:a', 'new', cas, 100), true);
  same(await call('cas', 'js:a', 'newer', cas, 100), false);
  same(await call('set', 'js:n', 7, 100), true);
  same(await call('incr', 'js:n', 5), 12);
  same(await call('decr', 'js:n', 2), 10);
  same(await call('touch', 'js:n', 100), true);
  same(await call('del', 'js:n'), true);
  same(await call('del', 'js:n'), false);
  same(await call('set', 'js:object', { a: [1, 2, { b: null }] }, 100), true);
  same(await call('get', 'js:object'), { a: [1, 2, { b: null }] });
  const binary = Buffer.from([...Array(256).keys()]);
  same(await call('set', 'js:binary', binary, 100), true);
  same(Buffer.compare(await call('get', 'js:binary'), binary), 0);
  const large = 'x'.repeat(900000);
  same(await call('set', 'js:large', large, 100), true);
  same(await call('get', 'js:large'), large);

  const keys = [...Array(200).keys()].map((n) => `js:many:${n}`);
  await Promise.all(keys.map((key) => call('set', key, `of ${key}`, 100)));
  const values = await call('getMulti', keys);
  for (const key of keys) assert.strictEqual(values[key], `of ${key}`);
  checks += 1;
  const asked = [...Array(2000).keys()].map((n) => keys[n % keys.length]);
  const told = await Promise.all(asked.map((key) => call('get', key)));
  told.forEach((value, n) => assert.strictEqual(value, `of ${asked[n]}`));
  checks += 1;

  same((await call('version'))[0].version.startsWith('1.6.18'), true);
  same(typeof (await call('stats'))[0].version, 'string');
  client.end();
  console.log(`${checks} checks`);
}

all().catch((error) => {
  console.error(error);
  process.exit(1);
});
