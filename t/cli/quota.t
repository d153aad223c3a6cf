# credverify quota: grant, reset, explain

use strict;
use warnings;

use FindBin;
use Time::Local qw(timegm);
use lib "$FindBin::Bin/../lib";

use Test::More;
use CredverifyTool;
use CredverifyCounters;

plan skip_all => 'libfaketime cannot be had' unless faketime();

my $store = temp();
my $NOW = '2028-02-28 23:30:20';
my $DAY = int(timegm(0, 30, 23, 28, 1, 2028) / 86400);
my $MINUTE = $DAY * 1440 + 23 * 60 + 30;

sub at {
    my ($time, @command) = @_;
    my $how = ref $command[0] ? shift @command : {};
    return run({ at_time($time), %$how }, '--store', $store, @command);
}

sub cv {
    return at($NOW, @_);
}

sub answer {
    return (json_lines($_[0]{out}))[0];
}

cv('init');
cv({ in => join '', map { "$_\n" }
     '{"kind":"tier","id":"full","limits":{"minute":10,"hour":100,"day":1000,"month":5000}}',
     '{"kind":"tier","id":"over","limits":{"month":100},"overage_cents":3}',
     '{"kind":"tier","id":"zero","limits":{"day":0}}',
     map { my ($id, $tier) = split /:/;
           sprintf '{"kind":"key","id":"%s","key_sha256":"%064x"%s}', $id, hex unpack('H6', $id),
                   $tier ? qq(,"tier":"$tier") : '' }
     qw(full:full over:over zero:zero none) }, 'import', '-')->{status} == 0 or die;

my %number = (full => 1, over => 2, zero => 3, none => 4);

sub quota {
    my ($key, $time) = @_;
    return answer(at($time || $NOW, 'quota', 'explain', $key, '--json'));
}

sub set_counts {
    my ($key, %counts) = @_;
    my $n = $number{$key};

    cv('quota', 'reset', $key);
    write_minute($store, $n, $MINUTE - $_, $counts{minutes}{$_})
        for keys %{ $counts{minutes} };
    write_day($store, $n, $DAY, $counts{day}) if $counts{day};
    write_month($store, $n, '2028-02', $counts{month}) if $counts{month};
}


# Explain

my $r = cv('quota', 'explain', 'full');
done_ok($r, 'explain');
is($r->{out}, <<'EOF', 'for people');
key             full
status          active
tier            full
granted         0
overage         false
refused         false
decides         minute

WINDOW  LIMIT  USED  LEFT  RESETS AT
minute  10     0     10    2028-02-28T23:31:00Z
hour    100    0     100   -
day     1000   0     1000  2028-02-29T00:00:00Z
month   5000   0     5000  2028-03-01T00:00:00Z
EOF

$r = cv('quota', 'explain', 'none', '--json');
done_ok($r, 'without a tier');
is($r->{out}, '{"key":"none","status":"active","tier":null,"granted":0,"overage":false,'
   . '"refused":false,"reason":null,"decides":null,"opens_at":null,"windows":['
   . '{"window":"minute","limit":null,"used":0,"left":null,"resets_at":"2028-02-28T23:31:00Z"},'
   . '{"window":"hour","limit":null,"used":0,"left":null,"resets_at":null},'
   . '{"window":"day","limit":null,"used":0,"left":null,"resets_at":"2028-02-29T00:00:00Z"},'
   . '{"window":"month","limit":null,"used":0,"left":null,"resets_at":"2028-03-01T00:00:00Z"}]}'
   . "\n", 'as JSON');

# counts => what decides, whether calls are refused, until when

for (
    ['a call', { minutes => { 0 => 1 }, day => 1, month => 1 }, 'minute', undef],
    ['a full minute', { minutes => { 0 => 10 }, day => 10, month => 10 },
     'minute', '2028-02-28T23:31:00Z'],
    ['another minute', { minutes => { 1 => 10 }, day => 10, month => 10 }, 'minute', undef],
    ['a full hour', { minutes => { 59 => 4, map { $_ => 8 } 5 .. 16 }, day => 100 },
     'hour', '2028-02-28T23:31:00Z'],
    ['a full hour, later', { minutes => { map { $_ => 10 } 5 .. 14 }, day => 100 },
     'hour', '2028-02-29T00:16:00Z'],
    ['minutes that are over', { minutes => { map { $_ => 10 } 60 .. 69 } }, 'minute', undef],
    ['a full day', { day => 1000, month => 1000 }, 'day', '2028-02-29T00:00:00Z'],
    ['a full month', { month => 5000 }, 'month', '2028-03-01T00:00:00Z'],
    ['beyond it', { month => 5001 }, 'month', '2028-03-01T00:00:00Z'],
    ['minute and month', { minutes => { 0 => 10 }, month => 5000 }, 'month',
     '2028-03-01T00:00:00Z'],
    ['a little of the day', { day => 995 }, 'day', undef],
    ['a little of the month', { month => 4999 }, 'month', undef],
)
{
    my ($name, $counts, $decides, $until) = @$_;
    set_counts('full', %$counts);
    my $answer = quota('full');

    is($answer->{decides}, $decides, "$name: what decides");
    is($answer->{refused} ? 1 : 0, $until ? 1 : 0, "$name: whether calls are refused");
    is($answer->{opens_at}, $until, "$name: until when");
    is($answer->{reason}, !$until ? undef : $decides eq 'month' ? 'monthly_limit_reached'
                          : 'rate_limited', "$name: why");
}

set_counts('full', minutes => { 0 => 3, 20 => 5, 40 => 7 }, day => 15, month => 115);
is_deeply([map { [@$_{qw(used left resets_at)}] } @{ quota('full')->{windows} }],
          [[3, 7, '2028-02-28T23:31:00Z'], [15, 85, '2028-02-28T23:50:00Z'],
           [15, 985, '2028-02-29T00:00:00Z'], [115, 4885, '2028-03-01T00:00:00Z']],
          'the hour gives back its oldest minute');
is_deeply([map { $_->{used} } @{ quota('full', '2028-02-29 00:00:00')->{windows} }],
          [0, 8, 0, 115], 'a day later the hour goes on');
is_deeply([map { $_->{used} } @{ quota('full', '2028-03-01 00:00:00')->{windows} }],
          [0, 0, 0, 0], 'and the month after the 29th does not');

# overage, and no calls at all

set_counts('over', month => 150);
my $answer = quota('over');
is_deeply([@$answer{qw(refused decides opens_at overage)}],
          [JSON::PP::false, undef, undef, JSON::PP::true], 'with an overage price it goes on');
is_deeply([@{ $answer->{windows}[3] }{qw(limit used left)}], [100, 150, 0], 'beyond the limit');

$answer = quota('zero');
is_deeply([@$answer{qw(refused reason decides opens_at)}],
          [JSON::PP::true, 'rate_limited', 'day', '2028-02-29T00:00:00Z'], 'a limit of 0');

# what stands against the key comes first

for (['suspended', 'key_suspended'], ['pending', 'application_not_approved'],
     ['rejected', 'application_not_approved'], ['revoked', 'invalid_api_key'])
{
    my ($status, $reason) = @$_;
    cv({ in => sprintf qq({"kind":"key","id":"stopped","key_sha256":"%s","tier":"full",)
                     . qq("status":"%s"}\n), 'd' x 64, $status }, 'import', '-');
    $answer = quota('stopped');
    is_deeply([@$answer{qw(status refused reason opens_at)}],
              [$status, JSON::PP::true, $reason, undef], $status);
}

cv({ in => sprintf qq({"kind":"key","id":"stopped","key_sha256":"%s","expires_at":"2028-02-27"}\n),
           'd' x 64 }, 'import', '-');
is(quota('stopped')->{reason}, 'invalid_api_key', 'one that has expired');


# Grants

set_counts('full', month => 5000);
$r = cv('quota', 'grant', 'full', '--units', '20', '--json');
done_ok($r, 'grant');
is($r->{out}, qq({"kind":"grant","key":"full","month":"2028-02","units":20}\n), 'what it says');
$answer = quota('full');
is("$answer->{granted} $answer->{windows}[3]{limit} $answer->{windows}[3]{left}",
   '20 5020 20', 'it is there for the month');
ok(!$answer->{refused}, 'calls are admitted again');
is(quota('full', '2028-03-01 00:00:00')->{windows}[3]{limit}, 5000, 'for that month alone');

is(answer(cv('quota', 'grant', 'full', '--units', '5', '--json'))->{units}, 25, 'more is added');
is(answer(cv('quota', 'grant', 'full', '--units', '7', '--set', '--json'))->{units}, 7,
   'with --set it is all');
is(answer(cv('quota', 'grant', 'full', '--units', '0', '--set', '--json'))->{units}, 0, 'or none');
ok(quota('full')->{refused}, 'then calls are refused again');
is(cv('quota', 'grant', 'full', '--units', '9', '--month', '2028-04')->{out},
   "key             full\nmonth           2028-04\nunits           9\n", 'for another month');
is(quota('full', '2028-04-05')->{windows}[3]{limit}, 5009, 'which has it');
is(quota('full')->{windows}[3]{limit}, 5000, 'and no other');
cv('key', 'suspend', 'full');
cv('key', 'activate', 'full');
is(quota('full', '2028-04-05')->{windows}[3]{limit}, 5009, 'whatever becomes of the key');
cv('quota', 'grant', 'none', '--units', '9');
is(quota('none')->{windows}[3]{limit}, undef, 'what is not limited stays so');

fails(cv('quota', 'grant', 'nobody', '--units', '1'), 'quota grant: there is no key "nobody"',
      'no such key');
misused(cv('quota', 'grant', 'full'), qr/: quota grant: --units is expected; /, 'no number');
misused(cv('quota', 'grant', 'full', '--units', $_), qr/: --units: "\Q$_\E" is no number from 1 /,
        "--units $_") for '0', '-1', '1.5', 'x', '281474976710656';
misused(cv('quota', 'grant', 'full', '--units', '1', '--month', 'x'), qr/: --month: "x" is no month/,
        'no month');
my $most = 281474976710655;
done_ok(cv('quota', 'grant', 'over', '--units', $most), 'as many as can be counted');
fails(cv('quota', 'grant', 'over', '--units', 1), 'quota grant: 281474976710656 calls in a month '
      . 'are more than can be counted', 'and no more');
is(quota('over')->{granted}, $most, 'it stays');

is(join(' ', map { $_->{action} } json_lines(cv('key', 'history', 'full', '--json')->{out})),
   'imported ' . 'reset ' x 14 . 'granted ' x 5 . 'suspended activated', 'all is in the trail');


# Reset

sub counted {
    my $slot = read_slot($store, $number{full});
    my $sum = 0;
    $sum += $_ for grep { $_ } values %{ $slot->{minutes} || {} };
    return join ' ', $sum, map { $_ // 0 } $slot->{days}{$DAY}, $slot->{months}{month_number('2028-02')},
                     $slot->{months}{month_number('2028-01')};
}

for ([[], '0 0 0 77', { minute => 3, hour => 8, day => 15, month => 115 }],
     [['--window', 'minute'], '0 15 115 77', { minute => 3 }],
     [['--window', 'hour'], '0 15 115 77', { hour => 8 }],
     [['--window', 'day'], '8 0 115 77', { day => 15 }],
     [['--window', 'month'], '8 15 0 77', { month => 115 }])
{
    my ($options, $left, $was) = @$_;
    cv('quota', 'reset', 'full');
    write_minute($store, 1, $MINUTE, 3);
    write_minute($store, 1, $MINUTE - 20, 5);
    write_day($store, 1, $DAY, 15);
    write_month($store, 1, '2028-02', 115);
    write_month($store, 1, '2028-01', 77);

    $r = cv('quota', 'reset', 'full', @$options, '--json');
    done_ok($r, "reset @$options");
    is_deeply(answer($r), { key => 'full', %$was }, 'what was counted');
    is(counted(), $left, 'and what is');
}

is(cv('quota', 'reset', 'full', '--window', 'day')->{out},
   "key             full\nday             15\n", 'for people');
fails(cv('quota', 'reset', 'nobody'), 'quota reset: there is no key "nobody"', 'no such key');
misused(cv('quota', 'reset', 'full', '--window', 'year'),
        qr/: --window: "year" is neither minute, hour, day nor month; /, 'no window');
fails(cv('quota', 'explain', 'nobody'), 'quota explain: there is no key "nobody"', 'explain: none');

# what a wrong clock left goes, too

write_day($store, 1, $DAY + 300, 4);
is(cv('check')->{err}, 'credverify: check: a count of key "full" is of a time to come; '
   . qq("credverify quota reset" removes it\n), 'a day to come');
done_ok(cv('quota', 'reset', 'full', '--window', 'day'), 'reset');
done_ok(cv('check'), 'removes it');

# without counters nothing is said or done

my $history = cv('key', 'history', 'full')->{out};
unlink "$store/counters" or die;
fails(cv('quota', $_, 'full'), "quota $_: $store/counters: No such file or directory; make it with "
      . '"credverify upgrade"', "$_ without counters") for 'reset', 'explain';
is(cv('key', 'history', 'full')->{out}, $history, 'nor written down');
done_ok(cv('quota', 'grant', 'full', '--units', '1'), 'what needs none works');


# A month that is closed is as it is

done_ok(cv('upgrade'), 'counters again');
fails(at('2028-03-01 01:00:00', 'quota', 'grant', 'full', '--units', '1', '--month', '2028-02'),
      'quota grant: 2028-02 is closed', 'nothing is granted in it');
done_ok(at('2028-03-01 01:00:00', 'check'), 'the store is whole');

done_testing();
