#!/usr/bin/perl
# Perl's Cache::Memcached::Fast and Cache::Memcached through ringway:
#   perl check.pl MODULE HOST:PORT
# Prints how many checks passed; the first that fails ends it with an error.
use strict;
use warnings;

my ($module, $address) = @ARGV;
eval "require $module; 1" or die $@;
my $fast = $module eq 'Cache::Memcached::Fast';
my $client = $module->new({servers => [$address], compress_threshold => 0});
my $checks = 0;

sub same {
  my ($found, $wanted, $what) = @_;
  ($found // 'nothing') eq ($wanted // 'nothing')
    or die "$what: wanted '" . ($wanted // 'nothing') . "', found '" . ($found // 'nothing') . "'\n";
  ++$checks;
}

same($client->set('pl:a', 'text', 100), 1, 'set');
same($client->get('pl:a'), 'text', 'get');
same(scalar $client->get('pl:none'), undef, 'get of nothing');
same(!!$client->add('pl:a', 'x'), '', 'add of what is there');
same($client->replace('pl:a', 'other'), 1, 'replace');
same($client->set('pl:n', 7), 1, 'set of a number');
same($client->incr('pl:n', 5), 12, 'incr');
same($client->decr('pl:n', 2), 10, 'decr');
same($client->delete('pl:n'), 1, 'delete');
same(!!$client->delete('pl:n'), '', 'delete of nothing');

my $binary = join '', map { chr } 0 .. 255;
same($client->set('pl:binary', $binary), 1, 'set of any bytes');
same($client->get('pl:binary'), $binary, 'get of any bytes');
my $large = 'x' x 900_000;
same($client->set('pl:large', $large), 1, 'set of a large value');
same($client->get('pl:large'), $large, 'get of a large value');
same($client->set('pl:list', [1, 'two', {three => 3}]), 1, 'set of a list');
same($client->get('pl:list')->[2]{three}, 3, 'get of a list');

my @keys = map { "pl:many:$_" } 0 .. 299;
if ($fast) {
  same($client->append('pl:a', '>'), 1, 'append');
  same($client->prepend('pl:a', '<'), 1, 'prepend');
  same($client->get('pl:a'), '<other>', 'all of it');
  my $read = $client->gets('pl:a');
  same($client->cas('pl:a', $read->[0], 'new'), 1, 'cas');
  same(!!$client->cas('pl:a', $read->[0], 'newer'), '', 'cas of an old id');
  same($client->touch('pl:a', 100), 1, 'touch');
  my $stored = $client->set_multi(map { [$_, "of $_"] } @keys);
  same(scalar(grep { $_ } values %$stored), 300, 'set of many');
  $client->set("pl:silent:$_", $_) for 0 .. 999;  # In void context it says noreply.
  $client->nowait_push;
  same($client->get('pl:silent:999'), 999, 'get after noreply');
  same((values %{$client->server_versions})[0] =~ /^1\.6\.18/ ? 1 : 0, 1, 'version');
} else {
  same($client->set($_, "of $_"), 1, 'set of one of many') for @keys;
}
my $values = $client->get_multi(@keys);
same($values->{$_}, "of $_", 'get of many') for @keys;
print "$checks checks\n";
