# credverify usage: what keys used, month by month

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Time::HiRes qw(sleep time);

use Test::More;
use CredverifyTool;
use CredverifyCounters;

plan skip_all => 'libfaketime cannot be had' unless faketime();

our $store;

# a command on the store at a time

sub at {
    my ($time, @command) = @_;
    my $how = ref $command[0] ? shift @command : {};
    return run({ at_time($time), %$how }, '--store', $store, @command);
}

sub new_store {
    my ($time) = @_;
    $store = temp();
    done_ok(at($time, 'init'), "a store of $time");
}

sub lines_at {
    my ($time, @lines) = @_;
    return at($time, { in => join '', map { "$_\n" } @lines }, 'import', '-');
}

sub key_line {
    my ($id, $members) = @_;
    return sprintf '{"kind":"key","id":"%s","key_sha256":"%064x"%s}', $id,
                   unpack('%32C*', $id) * 65537 + length($id) * 7919 + hex(unpack 'H8', $id),
                   $members || '';
}

sub exported {
    my ($time, $kind) = @_;
    return at($time, 'export', '--kind', $kind)->{out};
}

sub usage_record {
    my ($key, $month, $used, $rest) = @_;
    return qq({"kind":"usage","key":"$key","month":"$month","used":$used$rest}\n);
}


# The month that is

new_store('2026-09-10 12:00:00');
lines_at('2026-09-10 12:00:00',
    '{"kind":"tier","id":"growth","limits":{"month":15000},"overage_cents":12,"price_cents":19900}',
    '{"kind":"tier","id":"free","limits":{"month":100}}',
    key_line('shop', ',"owner":"Shop GmbH","tier":"growth"'),
    key_line('free', ',"tier":"free"'),
    key_line('none'),
    key_line('wait', ',"tier":"growth","status":"pending"'));

write_month($store, 1, '2026-09', 15500);
write_month($store, 2, '2026-09', 40);

my $rest = ',"included":15000,"tier":"growth","price_cents":19900,"overage_cents":12';

my $r = at('2026-09-20 12:00:00', 'usage');
done_ok($r, 'usage');
is($r->{out}, <<'EOF', 'for people');
KEY   OWNER      TIER    INCLUDED  USED   OVERAGE  DUE CENTS
shop  Shop GmbH  growth  15000     15500  500      25900
free  -          free    100       40     0        0
none  -          -       -         0      0        0

month           2026-09
closed          false
keys            3
used            15540
overage         500
due cents       25900
EOF

my $json = '"key":"shop","owner":"Shop GmbH","tier":"growth","included":15000,'
         . '"used":15500,"overage":500,"price_cents":19900,"overage_cents":12,'
         . '"due_cents":25900';

$r = at('2026-09-20 12:00:00', 'usage', '--json', '--month', '2026-09');
done_ok($r, 'as JSON');
is($r->{out}, qq({"month":"2026-09",$json,"closed":false}\n)
   . '{"month":"2026-09","key":"free","owner":null,"tier":"free","included":100,"used":40,'
   . qq("overage":0,"price_cents":null,"overage_cents":null,"due_cents":0,"closed":false}\n)
   . '{"month":"2026-09","key":"none","owner":null,"tier":null,"included":null,"used":0,'
   . qq("overage":0,"price_cents":null,"overage_cents":null,"due_cents":0,"closed":false}\n)
   . '{"month":"2026-09","closed":false,"total":{"keys":3,"used":15540,"overage":500,'
   . qq("due_cents":25900}}\n), 'a key a line, and the totals');

$r = at('2026-09-20 12:00:00', 'usage', '--csv');
done_ok($r, 'as CSV');
is($r->{out}, join('', map { "$_\r\n" }
   'month,key,owner,tier,included,used,overage,price_cents,overage_cents,due_cents,state',
   '2026-09,"shop","Shop GmbH","growth",15000,15500,500,19900,12,25900,open',
   '2026-09,"free","","free",100,40,0,,,0,open', '2026-09,"none","","",,0,0,,,0,open'),
   'a heading, and a row each');

is(exported('2026-09-20 12:00:00', 'usage'), '', 'nothing is closed by that');


# Its end

is((json_lines(at($_, 'usage', '--month', '2026-09', '--json')->{out}))[-1]{closed} ? 1 : 0,
   0, "$_: open") for '2026-09-30 23:59:59', '2026-10-01 00:00:00', '2026-10-01 00:59:59';
is(exported('2026-10-01 00:59:59', 'usage'), '', 'no record');

$r = at('2026-10-01 01:00:00', 'usage', '--month', '2026-09', '--json');
is($r->{out} =~ s/"closed":true/"closed":false/gr,
   at('2026-09-20 12:00:00', 'usage', '--json')->{out} =~ s/"closed":true/"closed":false/gr,
   'the same, closed');
my $closed = usage_record('shop', '2026-09', 15500, $rest)
           . usage_record('free', '2026-09', 40, ',"included":100,"tier":"free"')
           . usage_record('none', '2026-09', 0, '');
is(exported('2026-10-01 01:00:00', 'usage'), $closed, 'its records');

my $report = at('2026-10-02 12:00:00', 'usage', '--month', '2026-09')->{out};
at('2026-10-02 12:00:00', 'tier', 'set', 'growth', '--price-cents', '1',
   '--limits', '{"month":1}', '--overage-cents', '99');
write_month($store, 1, '2026-09', 99999);
at('2026-10-02 12:00:00', 'key', 'revoke', 'free');
at('2026-10-02 12:00:00', 'key', 'approve', 'wait');
is(at('2026-10-02 12:00:00', 'usage', '--month', '2026-09')->{out}, $report,
   'it stays as it was, whatever changes');
is(exported('2026-10-02 12:00:00', 'usage'), $closed, 'and its records');
like(at('2026-10-02 12:00:00', 'usage', '--month', '2026-09')->{out}, qr/^closed +true$/m,
     'and says so');
done_ok(at('2026-10-02 12:00:00', 'check'), 'the store is whole');

$r = at('2026-10-02 12:00:00', 'usage');
like($r->{out}, qr/^shop +Shop GmbH +growth +1 +0 +0 +1$/m, 'the next month is by the new terms');
like($r->{out}, qr/^wait +- +growth/m, 'with the key that was approved');
unlike($r->{out}, qr/^free/m, 'without the one that was revoked');

# export and import keep it

my $export = at('2026-10-02 12:00:00', 'export')->{out};
{
    local $store = temp();
    at('2026-10-03 12:00:00', 'init');
    done_ok(at('2026-10-03 12:00:00', { in => $export }, 'import', '-'), 'in another store');
    is(at('2026-10-03 12:00:00', 'export')->{out}, $export, 'export, import, export');
    is(at('2026-10-03 12:00:00', 'usage', '--month', '2026-09')->{out}, $report,
       'the same report');
    is(at('2026-11-02', 'usage', '--month', '2026-09')->{out}, $report, 'later, too');
}


# Who writes keys or tiers closes first, by what was

for (['tier set', sub { at($_[0], 'tier', 'set', 't', '--price-cents', '900') }],
     ['key revoke', sub { at($_[0], 'key', 'revoke', 'k') }],
     ['key new', sub { at($_[0], 'key', 'new', 'other', '--brand', 'x') }],
     ['quota grant', sub { at($_[0], 'quota', 'grant', 'k', '--units', '1') }],
     ['quota reset', sub { at($_[0], 'quota', 'reset', 'k') }],
     ['import', sub { lines_at($_[0], '{"kind":"tier","id":"t","price_cents":900}') }])
{
    my ($name, $command) = @$_;

    new_store('2027-12-05 12:00:00');
    lines_at('2027-12-05 12:00:00', '{"kind":"tier","id":"t","price_cents":500}',
             key_line('k', ',"tier":"t"'));
    write_month($store, 1, '2027-12', 8);

    done_ok($command->('2028-01-01 00:30:00'), "$name, half an hour into the year");
    is(exported('2028-01-01 00:30:00', 'usage'), '', 'closes nothing');

    new_store('2027-12-05 12:00:00');
    lines_at('2027-12-05 12:00:00', '{"kind":"tier","id":"t","price_cents":500}',
             key_line('k', ',"tier":"t"'));
    write_month($store, 1, '2027-12', 8);

    done_ok($command->('2028-01-01 01:00:00'), "$name, an hour into the year");
    is(exported('2028-01-01 01:00:00', 'usage'),
       usage_record('k', '2027-12', 8, ',"tier":"t","price_cents":500'), 'closes the old one');
}

# but not who only reads, or tries

is(at($_->[0] eq 'usage' ? '2028-01-20' : '2028-02-20', @$_)->{status}, 0, "@$_")
    for ['key', 'list'], ['key', 'show', 'k'], ['quota', 'explain', 'k'], ['export', '/dev/null'];
at('2028-02-20 12:00:00', { in => key_line('new') . "\n" }, 'import', '--dry-run', '-');
is(scalar(json_lines(exported('2028-02-20 12:00:00', 'usage'))), 1, 'nothing was closed');


# Months of every length

new_store('2028-01-31 12:00:00');
lines_at('2028-01-31 12:00:00', key_line('k'));
write_month($store, 1, $_->[0], $_->[1])
    for ['2028-01', 31], ['2028-02', 29], ['2028-03', 3], ['2028-12', 12], ['2029-02', 28];

for (['2028-02-01 01:00:00', '2028-01', 31], ['2028-02-29 23:59:59'],
     ['2028-03-01 00:59:59'], ['2028-03-01 01:00:00', '2028-02', 29],
     ['2028-03-31 23:59:59'], ['2028-04-01 01:00:00', '2028-03', 3])
{
    my ($time, $month, $used) = @$_;
    my $before = exported($time, 'usage');
    at($time, 'usage');
    is(exported($time, 'usage'), $before . ($month ? usage_record('k', $month, $used, '') : ''),
       "$time: " . ($month ? "$month is closed" : 'nothing is'));
}

at('2029-03-01 01:00:00', 'usage');
my %used = map { $_->{month} => $_->{used} } json_lines(exported('2029-03-02', 'usage'));
is_deeply([sort keys %used], [map({ sprintf '2028-%02d', $_ } 1 .. 12), '2029-01', '2029-02'],
          'all that were left out');
is("$used{'2028-12'} $used{'2029-01'} $used{'2029-02'}", '12 0 28', 'with their counts');


# Words that are wrong

misused(at('2026-10-02', 'usage', '--month', $_),
        qr/: usage: --month: "\Q$_\E" is no month, such as 2026-10; /, "--month '$_'")
    for '', '2026', '2026-1', '2026-13', '2026-10-01', 'x', '1969-12', '7431-01';
misused(at('2026-10-02 12:00:00', 'usage', '--month', '2026-11'),
        'usage: --month: 2026-11 has not begun; see "credverify help usage"',
        'a month to come');
misused(at('2026-10-02', 'usage', '--json', '--csv'), qr/: give --json or --csv, not both; /,
        'two forms');
is(at('2028-10-02', 'usage', '--month', '2001-01', '--csv')->{out} =~ tr/\n//, 1,
   'long before the store');


# Texts and numbers that are large or strange

new_store('2026-10-05 12:00:00');
lines_at('2026-10-05 12:00:00',
    '{"kind":"tier","id":"t,\"","limits":{"month":0},"overage_cents":9223372036854775807}',
    key_line('a', ',"owner":"=cmd(\"x\")","tier":"t,\""'),
    key_line('b', ',"owner":"Ärger, \"GmbH\"\nKöln"'));

like(at('2026-10-06', 'usage', '--csv')->{out},
     qr/^2026-10,"a","'=cmd\(""x""\)","t,""",0,0,0,,9223372036854775807,0,open\r$/m,
     'a formula is a text');
like(at('2026-10-06', 'usage', '--csv')->{out},
     qr/^2026-10,"b","\xc3\x84rger, ""GmbH""\nK\xc3\xb6ln","",,0,0,,,0,open\r$/m,
     'quotes and line ends');
write_month($store, 1, '2026-10', 1);
like(at('2026-10-06', 'usage', '--json')->{out}, qr/"due_cents":9223372036854775807,/, 'much');
write_month($store, 1, '2026-10', 2);
$r = at('2026-10-06', 'usage', '--csv');
is("$r->{status} $r->{err}", '1 credverify: usage: key "a": what is due is more than can be said'
   . "\n", 'too much');

unlink "$store/counters" or die;
fails(at('2026-10-06', 'usage'), "usage: $store/counters: No such file or directory; make it "
      . 'with "credverify upgrade"', 'no counters');


# Who cannot write can read, and closes nothing

SKIP: {
    skip 'only root can be someone else', 4 unless $> == 0;

    new_store('2026-10-05 12:00:00');
    lines_at('2026-10-05 12:00:00', key_line('k'));
    write_month($store, 1, '2026-10', 5);
    chmod 0755, $store;
    chmod 0644, "$store/data.mdb";
    chmod 0644, "$store/counters";
    chmod 0666, "$store/lock.mdb";

    $r = finish(start({ as => 12346, at_time('2026-11-05 12:00:00') }, '--store', $store,
                      'usage', '--month', '2026-10', '--json'));
    done_ok($r, 'a reader');
    like($r->{out}, qr/"key":"k",[^\n]*"used":5,[^\n]*"closed":false/, 'sees what is counted');
    is(exported('2026-11-05 12:00:00', 'usage'), '', 'and closes nothing');
    chmod 0666, "$store/lock.mdb";      # root has made it as it should be
    done_ok(finish(start({ as => 12346, at_time('2026-10-05 12:00:00') }, '--store', $store, @$_)),
            "@$_, too") for ['check'], ['stats'], ['key', 'show', 'k'], ['quota', 'explain', 'k'];
    is(finish(start({ as => 12346, at_time('2026-10-05 12:00:00') }, '--store', $store, 'quota',
                    'reset', 'k'))->{status}, 1, 'but resets nothing');
}


# Four at once, and killed at any moment: one record for each key and month

my $keys = 15000;
my $months = 12;

new_store('2026-01-05 12:00:00');
done_ok(at('2026-01-05 12:00:00', { in => join '', map {
    sprintf qq({"kind":"key","id":"k%d","key_sha256":"%064x"}\n), $_, $_ } 1 .. $keys },
    'import', '-'), 'many keys');

for my $m (1 .. $months) {
    write_month($store, $_, sprintf('2026-%02d', $m), $m * 1000000 + $_)
        for map { $_ * 97 } 1 .. 60;
}

my $prepared = $store;

sub copy_store {
    $store = temp();
    mkdir $store;
    system('cp', "$prepared/data.mdb", "$prepared/counters", $store) == 0 or die;
}

my $expected = join '', map {
    my $m = $_;
    map { usage_record("k$_", sprintf('2026-%02d', $m),
                       $_ % 97 == 0 && $_ <= 60 * 97 ? $m * 1000000 + $_ : 0, '') } 1 .. $keys
} 1 .. $months;

sub all_closed {
    my ($name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok(exported('2027-01-02', 'usage') eq $expected, "$name: one record for each");
    done_ok(at('2027-01-02', 'check'), "$name: a whole store");
}

copy_store();
my @ended = map { finish($_) }
            map { start({ at_time('2027-01-01 01:00:00') }, '--store', $store, 'usage',
                        '--month', '2026-12') } 1 .. 4;
is(join(' ', map { $_->{status} . $_->{err} } @ended), '0 0 0 0', 'four at once');
is(scalar(grep { $_->{out} eq $ended[0]{out} } @ended), 4, 'say the same');
like($ended[0]{out}, qr/^closed +true\nkeys +$keys$/m, 'that it is closed');
all_closed('four at once');

copy_store();
my $began = time;
at('2027-01-01 01:00:00', 'usage', '--csv');
my $takes = time - $began;

my $kills = 0;
my $halfway = 0;

while ($kills < 50) {
    copy_store();

    for (1 .. 5) {
        my $job = start({ at_time('2027-01-01 01:00:00') }, '--store', $store, 'usage', '--csv');
        sleep rand $takes;
        kill 'KILL', $job->{pid};
        finish($job);
        $kills++;

        my $n = (json_lines(at('2027-01-01 02:00:00', 'stats', '--json')->{out}))[0]{usage};
        $halfway++ if $n > 0 && $n < $keys * $months;
    }

    my $r = at('2027-01-01 03:00:00', 'usage');
    $r->{status} == 0 or diag $r->{err};
    all_closed("$kills kills");
}

cmp_ok($halfway, '>', 0, "$halfway of $kills kills came halfway");

done_testing();
