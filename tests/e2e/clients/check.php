<?php
// PHP's memcached extension through ringway: php check.php HOST PORT
// Prints how many checks passed; the first that fails ends it with an error.
$checks = 0;

function same($found, $wanted, string $what): void {
    global $checks, $client;
    if ($found !== $wanted) {
        fwrite(STDERR, "$what: wanted " . var_export($wanted, true) . ', found '
            . var_export($found, true) . ' (' . $client->getResultMessage() . ")\n");
        exit(1);
    }
    ++$checks;
}

$client = new Memcached();
$client->setOption(Memcached::OPT_COMPRESSION, false);
$client->addServer($argv[1], (int)$argv[2]);

same($client->set('php:a', 'text', 100), true, 'set');
same($client->get('php:a'), 'text', 'get');
same($client->get('php:none'), false, 'get of nothing');
same($client->getResultCode(), Memcached::RES_NOTFOUND, 'its code');
same($client->add('php:a', 'x'), false, 'add of what is there');
same($client->getResultCode(), Memcached::RES_NOTSTORED, 'its code');
same($client->replace('php:a', 'other'), true, 'replace');
same($client->append('php:a', '>'), true, 'append');
same($client->prepend('php:a', '<'), true, 'prepend');
same($client->get('php:a'), '<other>', 'all of it');

$read = $client->get('php:a', null, Memcached::GET_EXTENDED);
same($client->cas($read['cas'], 'php:a', 'new'), true, 'cas');
same($client->cas($read['cas'], 'php:a', 'newer'), false, 'cas of an old id');
same($client->getResultCode(), Memcached::RES_DATA_EXISTS, 'its code');

same($client->set('php:n', 7), true, 'set of a number');
same($client->increment('php:n', 5), 12, 'increment');
same($client->decrement('php:n', 20), 0, 'decrement');
same($client->touch('php:n', 100), true, 'touch');
same($client->delete('php:n'), true, 'delete');
same($client->delete('php:n'), false, 'delete of nothing');

same($client->set('php:array', ['a' => [1, 2.5, null, true]]), true, 'set of an array');
same($client->get('php:array'), ['a' => [1, 2.5, null, true]], 'get of an array');
$binary = implode('', array_map('chr', range(0, 255)));
same($client->set('php:binary', $binary), true, 'set of any bytes');
same($client->get('php:binary'), $binary, 'get of any bytes');
$large = str_repeat('x', 900000);
same($client->set('php:large', $large), true, 'set of a large value');
same($client->get('php:large'), $large, 'get of a large value');
same($client->set('php:large', str_repeat('x', 1100000)), false, 'set of too large a value');
same($client->get('php:large'), false, 'which takes the old one with it');

$many = [];
for ($n = 0; $n < 300; ++$n) $many["php:many:$n"] = "of $n";
same($client->setMulti($many), true, 'set of many');
same($client->getMulti(array_keys($many), Memcached::GET_PRESERVE_ORDER), $many, 'get of many');
same(count(array_filter($client->deleteMulti(array_keys($many)), fn($gone) => $gone === true)),
    300, 'delete of many');

$client->setOption(Memcached::OPT_NO_BLOCK, true);
$client->setOption(Memcached::OPT_BUFFER_WRITES, true);
for ($n = 0; $n < 300; ++$n) $client->set("php:buffered:$n", "of $n");
same($client->flushBuffers(), true, 'flush of buffered writes');
same($client->get('php:buffered:299'), 'of 299', 'get after buffered writes');

same(str_starts_with(current($client->getVersion()), '1.6.18'), true, 'version');
same(is_array(current($client->getStats())), true, 'stats');
echo "$checks checks\n";
