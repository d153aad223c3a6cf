# Minutes, hours, days and months that end under load, and clocks that are set:
# with a cap of N exactly N calls succeed in each, and none is in two.

use strict;
use warnings;

use lib 't/lib';
use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(sleep time);
use Time::Local qw(timegm);
use Credverify;
use CredverifyCounters;
use LiveLoad;
use LiveNginx;

my $faketime = LiveNginx::faketime();
plan skip_all => 'there is no faketime for this nginx' unless $faketime;

my $N = 300;
my $token = Credverify::token('valid');
my (@tiers, @keys, %number);

sub secret { return 'scs_live_' . $_[0] . 'x' x (40 - length $_[0]) }

for my $tier (qw(minute hour day month all)) {
    my $limits = $tier eq 'all' ? qq("hour":$N,"day":$N,"month":$N) : qq("$tier":$N);
    push @tiers, qq({"kind":"tier","id":"$tier","limits":{$limits}});

    for (1 .. 12) {
        push @keys, qq({"kind":"key","id":"$tier-$_","key":") . secret("$tier-$_") . qq(","tier":"$tier"});
        $number{"$tier-$_"} = @keys;
    }
}

# credentials that do not end meanwhile

my @lines = map { s/"expires_at":"[^"]*"/"expires_at":null/r } Credverify::lines();
my $store = Credverify::store(@lines, @tiers, @keys);
my $clock = Credverify::folder() . '/clock';

# The clock stands still at that moment, in every process, from now on.

sub set {
    my $now = shift;
    open my $file, '>', "$clock.new" or die $!;
    print $file "$now\n";
    close $file or die $!;
    rename "$clock.new", $clock or die $!;
}

sub at {
    my ($y, $m, $d, $H, $M, $S) = $_[0] =~ /^(\d+)-(\d+)-(\d+) (\d+):(\d+):(\d+)/ or die $_[0];
    return timegm($S, $M, $H, $d, $m - 1, $y);
}

sub plus { return strftime('%Y-%m-%d %H:%M:%S', gmtime(at($_[0]) + $_[1])) }

set('2026-03-11 10:30:00');

my $nginx = LiveNginx->start(
    main => join(' ', map { "env $_;" } qw(FAKETIME_TIMESTAMP_FILE FAKETIME_NO_CACHE FAKETIME_DONT_FAKE_MONOTONIC TZ)),
    env => { LD_PRELOAD => $faketime, FAKETIME_TIMESTAMP_FILE => $clock, FAKETIME_NO_CACHE => 1,
             FAKETIME_DONT_FAKE_MONOTONIC => 1, TZ => 'UTC' },
    http => "keepalive_requests 1000000; credverify_store $store;",
    server => 'credverify_key scs; credverify_limit_headers ratelimit legacy;
               location = /v { credverify_verify token=$arg_token; }');

sub request {
    my $key = shift;
    return "GET /v?token=$token HTTP/1.1\r\nHost: t\r\nX-API-Key: " . secret($key) . "\r\n\r\n";
}

# how many of many calls succeed now

sub succeed {
    my ($key, $calls) = @_;
    return load($nginx->{port}, request($key), answers => $calls || 2 * $N, connections => 16)->{200} // 0;
}

# what a refusal says of how long to wait

sub refused {
    my $key = shift;
    my ($status, $body, $head) = $nginx->get("/v?token=$token", headers => ['X-API-Key: ' . secret($key)]);
    return undef if $status != 429;
    my ($after) = $head =~ /^Retry-After: (\d+)\r$/m;
    return $after;
}

is(succeed('all-1', 5), 5, 'the clock is ours');
is(read_slot($store, $number{'all-1'})->{minutes}{at('2026-03-11 10:30:00') / 60}, 5, 'also for nginx');

# [window, a moment, the end of the window after it]

my @ends = (
    ['minute', '2026-03-11 10:30:59', '2026-03-11 10:31:00'],
    ['minute', '2026-12-31 23:59:59', '2027-01-01 00:00:00'],
    ['minute', '2028-02-29 23:59:00', '2028-03-01 00:00:00'],
    ['hour', '2026-03-11 10:30:59', '2026-03-11 11:30:00'],
    ['hour', '2026-12-31 23:15:00', '2027-01-01 00:15:00'],
    ['day', '2026-02-28 12:00:00', '2026-03-01 00:00:00'],
    ['day', '2028-02-28 23:59:59', '2028-02-29 00:00:00'],
    ['day', '2028-02-29 00:00:00', '2028-03-01 00:00:00'],
    ['month', '2026-01-01 00:00:00', '2026-02-01 00:00:00'],
    ['month', '2026-02-28 23:59:59', '2026-03-01 00:00:00'],
    ['month', '2028-02-28 23:59:59', '2028-03-01 00:00:00'],
    ['month', '2026-04-30 23:59:59', '2026-05-01 00:00:00'],
    ['month', '2026-07-31 23:59:59', '2026-08-01 00:00:00'],
    ['month', '2026-12-31 23:59:59', '2027-01-01 00:00:00'],
    ['month', '2100-02-28 23:59:59', '2100-03-01 00:00:00'],
);

my %used = (all => 1);

sub another { my $tier = shift; return "$tier-" . ++$used{$tier} }

for (@ends) {
    my ($window, $now, $end) = @$_;

    subtest "$window of $now" => sub {
        my $key = another($window);

        set($now);
        is(succeed($key), $N, 'full');
        is(refused($key), at($end) - at($now), 'until it ends');

        # it ends while many ask

        my $turn = 0;
        set(plus($end, -1));
        my $seen = load($nginx->{port}, request($key), connections => 32, seconds => 5, every => [0.05, sub {
            set($end) if ++$turn == 2;
            return $turn == 5;
        }]);

        is($seen->{200}, $N, 'as many again, and no more');
        cmp_ok($seen->{429}, '>', $N, "of " . ($seen->{429} + $seen->{200}));

        # each in its own

        my $slot = read_slot($store, $number{$key});

        if ($window eq 'month') {
            is_deeply([@{$slot->{months}}{map { month_number(substr $_, 0, 7) } $now, $end}], [$N, $N], 'counted');
        } elsif ($window eq 'day') {
            is_deeply([@{$slot->{days}}{map { int(at($_) / 86400) } $now, $end}], [$N, $N], 'counted');
        } elsif ($window eq 'minute') {
            is_deeply([@{$slot->{minutes}}{map { int(at($_) / 60) } $now, $end}], [$N, $N], 'counted');
        }

        set(plus($end, 1));
        is(succeed($key), 0, 'which is full again');
    };
}

subtest 'any sixty minutes' => sub {
    my $key = another('hour');
    my $start = '2026-05-31 23:10:00';
    my @counted;

    # a hundred at minute 0, 20 and 40; then what leaves comes again

    for my $minute (0, 20, 40) {
        set(plus($start, 60 * $minute + 30));
        is(succeed($key, 100), 100, "a hundred at minute $minute");
    }

    set(plus($start, 60 * 59 + 59));
    is(refused($key), 1, 'full until the first hundred leave');
    is(succeed($key), 0, 'nobody is let in');

    for my $minute (60, 80, 100) {
        set(plus($start, 60 * $minute - 1));
        is(refused($key), 1, "full until minute $minute");
        set(plus($start, 60 * $minute));
        is(succeed($key), 100, 'a hundred more');
    }

    is(refused($key), 1200, 'and so on');
};

# A clock that is set: what was counted is counted, and it stops nobody for
# longer than it was wrong.

for (['one day', 86400], ['an hour', 3600], ['three minutes', 180], ['a month', 31 * 86400]) {
    my ($words, $step) = @$_;

    subtest "set forward by $words, and back" => sub {
        my $now = '2026-10-10 12:00:30';
        my %key = map { $_ => another($_) } qw(day month);

        set($now);
        is(succeed($key{$_}), $N, "$_: full") for sort keys %key;

        set(plus($now, $step));

        for (sort keys %key) {
            my $new = $_ eq 'day' ? $step >= 86400 : $step > 30 * 86400;
            is(succeed($key{$_}), $new ? $N : 0, "$_: " . ($new ? 'another one' : 'the same'));
        }

        set($now);
        is(succeed($key{$_}), 0, "$_: still full") for sort keys %key;

        set('2026-12-01 00:00:00');
        is(succeed($key{$_}), $N, "$_: over") for sort keys %key;
    };
}

subtest 'set back by an hour while many ask' => sub {
    my $key = another('all');
    my $turn = 0;
    set('2026-09-09 09:30:00');

    my $seen = load($nginx->{port}, request($key), connections => 32, seconds => 5, every => [0.05, sub {
        $turn++;
        set(plus('2026-09-09 09:30:00', $turn % 2 ? -3600 : 60 * $turn));
        return $turn == 10;
    }]);

    is($seen->{200}, $N, 'no more than a day has');
    is($nginx->status('/v'), 401, 'and nginx is well');
};

subtest 'before there was time' => sub {
    my $key = another('all');

    for my $moment ('1970-01-01 00:00:01', '1999-12-31 23:59:59', '2037-12-31 23:59:59') {
        set($moment);
        is(succeed($key), $N, $moment);
    }
};

is($nginx->stop, 0, 'nginx ends well');
unlike($nginx->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');

done_testing;
