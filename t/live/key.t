# The command and nginx together: keys that are made, rotated and stopped while
# they are used, calls that are granted, reset and billed.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use LiveNginx;

my $tool = $ENV{CREDVERIFY} || 'build/credverify';
my $store = Credverify::store(
    '{"kind":"issuer","id":"i","name":"I"}',
    '{"kind":"tier","id":"two","limits":{"month":2}}',
    '{"kind":"tier","id":"free"}');

my $nginx = LiveNginx->start(http => 'root .;',
    server => "credverify_store $store; location = /ok { credverify_key tc; }");

open my $page, '>', "$nginx->{prefix}/ok" or die $!;
print $page "ok\n";
close $page;

# what a command says, as JSON

sub cv {
    my @command = @_;
    my $said = `$tool --store $store @command --json 2>&1`;
    return (map { decode_json($_) } grep { /^\{/ } split /\n/, $said)[-1] || { error => $said };
}

sub call {
    my ($key) = @_;
    return $nginx->status('/ok', headers => ["X-API-Key: $key"]);
}

sub calls {
    my ($key, $n) = @_;
    return join ' ', map { call($key) } 1 .. $n;
}

# waits for the next minute or month, if it is near

sub settle {
    my ($second, $minute, $hour, $day) = gmtime;
    sleep 11 - (time - int time) if $hour == 23 && $minute == 59 && $second >= 50;
}

settle();


# A key is good from the next request on, whatever becomes of it then

my $made = cv(qw(key new shop --brand tc --tier free));
my $first = $made->{key};
is(call($first), 200, 'a new key, made while nginx serves');
is(call('tc_live_' . 'x' x 38), 401, 'another one');

my $second = cv(qw(key rotate shop --grace 1h))->{key};
is(call($_), 200, 'both are good after a rotation') for $first, $second;

my $third = cv(qw(key rotate shop --grace 2s))->{key};
my $until = time + 2;
is(call($first), 401, 'the first one ends with the next');
is(call($_), 200, 'the others are good') for $second, $third;
sleep 0.1 while time < $until + 0.2;
is(call($second), 401, 'the former one for the grace');
is(call($third), 200, 'the new one after it');

my $fourth = cv(qw(key rotate shop --grace 0))->{key};
is(call($third), 401, 'or not at all');
is(call($fourth), 200, 'but for the new one');

for (['suspend', 403], ['activate', 200], ['suspend', 403], ['revoke', 401]) {
    my ($step, $status) = @$_;
    cv('key', $step, 'shop');
    is(call($fourth), $status, $step);
}

my $wait = cv(qw(key new wait --brand tc --status pending --tier free))->{key};
is(call($wait), 403, 'pending');
cv(qw(key approve wait));
is(call($wait), 200, 'approved');
is(call(cv(qw(key new badge --brand tc --class badge --tier free))->{key}), 401,
   'of a class that the location does not take');
is(call(cv(qw(key new past --brand tc --expires-at 2020-01-01))->{key}), 401, 'expired');

my $shown = `$tool --store $store key show wait`;
my $today = POSIX::strftime('%Y-%m-%d', gmtime);
like($shown, qr/^last used +$today\nthis month +1\n\z/m, 'the command sees the call');


# Limits, as they are explained, granted and reset

my $few = cv(qw(key new few --brand tc --tier two))->{key};
is(calls($few, 3), '200 200 429', 'two calls a month');

my $quota = cv(qw(quota explain few));
is_deeply([@$quota{qw(refused reason decides)}], [JSON::PP::true, 'monthly_limit_reached', 'month'],
          'explained');
is_deeply([@{ $quota->{windows}[3] }{qw(limit used left)}], [2, 2, 0], 'with what was counted');

cv(qw(quota grant few --units 2));
is(calls($few, 3), '200 200 429', 'two more are granted');
cv(qw(quota grant few --units 1));
is(calls($few, 2), '200 429', 'and one');
cv(qw(quota grant few --units 0 --set));
is(call($few), 429, 'taken back');
is(cv(qw(quota reset few --window month))->{month}, 5, 'five calls were counted');
is(calls($few, 3), '200 200 429', 'from zero on');

my %used = map { $_->{key} ? ($_->{key} => $_->{used}) : () }
           map { decode_json($_) } split /\n/, `$tool --store $store usage --json`;
is($used{few}, 2, 'what is billed');
is($used{wait}, 1, 'of each');


# Many keys made at once, while they are used

my %keys;
my $lines = join '', map {
    $keys{"many$_"} = sprintf 'tc_live_%040d', $_;
    qq({"kind":"key","id":"many$_","key":"$keys{"many$_"}","tier":"two"}\n)
} 1 .. 3000;

ok(Credverify::run($store, $lines, 'import', '-'), 'three thousand keys');
is(calls($keys{"many$_"}, 3), '200 200 429', "many$_ has counts of its own")
    for 1, 2, 1500, 2999, 3000;


# A backup has the counts; a restore brings them back

my $backup = Credverify::folder() . '/backup';
is(system("$tool --store $store backup $backup >/dev/null"), 0, 'backup');
cv(qw(quota grant many7 --units 100));
is(calls($keys{many7}, 4), '200 200 200 200', 'calls after it');
is(call($keys{many1}), 429, 'and none');
is(system("$tool --store $store restore --replace $backup >/dev/null"), 0, 'restore');

my $end = time + 10;
sleep 0.1 until call($keys{many7}) == 429 || time > $end;
is(call($keys{many7}), 429, 'grants are those of the backup');
is(call($keys{many1}), 429, 'and counts');
cmp_ok(cv(qw(quota explain many7))->{windows}[3]{used}, '==', 2, 'of the restored store');
is(system("$tool --store $store check >/dev/null"), 0, 'which is whole');

# What is inherited for the sake of badges opens nothing that is none

{
    my $key = 'tc_badge_' . 'x' x 40;
    my $store = Credverify::store(Credverify::lines(), '{"kind":"tier","id":"free"}', qq({"kind":"key","id":"b","key":"$key"}));
    my $token = Credverify::token('valid');

    for (['credverify_key_argument k;', [200, 401, 401, 401, 401, 401], "k=$key"],
         ['credverify_key_argument k; credverify_key_class badge;', [200, 401, 401, 200, 200, 401], "k=$key"],
         ['credverify_keyless free svg;', [200, 401, 401, 401, 401, 401], ''],
         ['credverify_keyless free;', [200, 200, 200, 200, 401, 200], ''])
    {
        my ($directives, $status, $argument) = @$_;

        my $nginx = LiveNginx->start(http => 'root .;', server => "credverify_store $store; credverify_key tc; $directives
            location = /badge { credverify_verify token=\$arg_t; credverify_format \$arg_format json svg; }
            location = /users { credverify_view securecodinghub progress; credverify_progress holder=\$arg_u; }
            location = /file { try_files /nginx.conf =404; }
            location = /usage { credverify_usage; }
            location = /wallet { credverify_view validtrust wallet; credverify_wallet wallet=\$arg_w item=verify; credverify_format '' json; }");

        is_deeply([map { $nginx->status("$_$argument") } "/badge?format=svg&t=$token&", "/badge?t=$token&", '/users?u=h1&', '/file?', '/usage?', '/wallet?w=WALLET1&'],
                  $status, $directives);
        is($nginx->stop, 0, 'and it ends well');
    }
}

unlike($nginx->errors, qr/tc_live_/, 'no key in the log');
is((() = $nginx->errors =~ /\[(?:alert|crit|emerg)\]/g), 0, 'nothing alarming');

$nginx->stop;
done_testing();
