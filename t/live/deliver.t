# credverify deliver: what goes over the wire to webhooks, and what does not.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use JSON::PP;
use Test::More tests => 220;
use Time::HiRes qw(sleep time);
use CredverifyCounters;
use CredverifyTool;
use LiveHook;

my $ISSUERS = '{"kind":"issuer","id":"other","name":"Other"}';

sub cv {
    my ($store, @command) = @_;
    return run('--store', $store, @command);
}

sub cv_ok {
    my $r = cv(@_);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is("$r->{status} $r->{err}", '0 ', "@_[1 .. $#_]");
    return $r;
}

# the secret

sub add {
    my ($store, $id, $url, @options) = @_;
    my $r = cv($store, 'webhook', 'add', $id, '--url', $url, '--json', @options);
    die $r->{err} if $r->{status} != 0;
    return (json_lines($r->{out}))[0]{secret};
}

sub add_ours { return add(@_, '--private', 'true') }

# the event's id

sub try_it {
    my ($store, $id) = @_;
    my $r = cv($store, 'webhook', 'test', $id, '--json');
    die $r->{err} if $r->{status} != 0;
    return (json_lines($r->{out}))[0]{event};
}

sub shown {
    my ($store, $id) = @_;
    my ($shown) = json_lines(cv($store, 'webhook', 'show', $id, '--json')->{out});
    return $shown;
}

# events of so many credentials that were issued

sub issue {
    my ($store, $count, $from) = @_;
    my $lines = join '', map {
        qq({"kind":"credential","id":"x$_","class":"c","holder":"h","status":"issued",)
        . qq("issued_at":"2026-05-12","number":"N-$_"}\n)
    } map { $_ + ($from || 1) - 1 } 1 .. $count;

    my $r = run({ in => $lines }, '--store', $store, 'import', '--emit-events', '-');
    die $r->{err} if $r->{status} != 0;
}

sub number { return decode_json($_[0]{body})->{data}{certificateNumber} }

sub once {
    my ($store, @options) = @_;
    return run(@options, '--store', $store, 'deliver', '--once');
}

sub fresh { return load($ISSUER, $ISSUERS, $CLASS, $HOLDER) }

# Waits until something is true.

sub soon {
    my ($is, $seconds) = @_;
    my $until = time + ($seconds || 10);
    until ($is->()) {
        return 0 if time > $until;
        sleep 0.05;
    }
    return 1;
}


# What a request is, and that a receiver can verify it

{
    my $store = fresh();
    my $hook = LiveHook->start;
    my $secret = add_ours($store, 'hr', $hook->{url}, '--event', 'certificate.issued',
                          '--event', 'webhook.test');
    issue($store, 1);
    done_ok(once($store), 'it is sent');

    my ($request, @more) = $hook->requests;
    is(scalar @more, 0, 'once');
    is("$request->{method} $request->{path}", 'POST /hook', 'by POST');
    is($request->{'content-type'}, 'application/json', 'as JSON');
    like($request->{'user-agent'}, qr{\Acredverify/[\d.]+\z}, 'by whom');
    like($request->{'webhook-id'}, qr/\Aevt_[0-9a-f]{32}\z/, 'with an id');
    ok(abs($request->{'webhook-timestamp'} - time) < 10, 'and the time');
    like($request->{'webhook-signature'}, qr{\Av1,[A-Za-z0-9+/]{43}=\z}, 'one signature');
    ok(LiveHook::signed($request, $secret), 'which is right');
    ok(!LiveHook::signed({ %$request, body => "$request->{body} " }, $secret), 'of this body');

    like($request->{body}, qr/\A\{"type":"certificate\.issued","timestamp":"[^"]+Z","subject":"x1","data":\{/,
         'the body');
    is_deeply(decode_json($request->{body})->{data},
              { userId => 'h', certificateNumber => 'N-1', categoryId => 'c',
                issuedAt => '2026-05-12' }, 'and its data');

    # and by what README.md gives receivers

    my ($recipe) = read_file("$FindBin::Bin/../../README.md") =~ /^```sh\n(key=.*?)^```$/ms;
    local @ENV{qw(SECRET ID TIMESTAMP BODY)} = ($secret, @$request{qw(webhook-id webhook-timestamp)},
                                                write_file($request->{body}));
    my $script = write_file($recipe);
    is('v1,' . `bash $script 2>&1` =~ s/\n//r, $request->{'webhook-signature'}, 'as README.md has it');

    # rotated: whoever knows either secret can verify it

    my ($second) = json_lines(cv($store, 'webhook', 'rotate', 'hr', '--json')->{out});
    isnt($second->{secret}, $secret, 'another secret');
    try_it($store, 'hr');
    done_ok(once($store), 'again');
    $request = ($hook->requests)[-1];
    like($request->{'webhook-signature'}, qr/\Av1,\S+ v1,\S+\z/, 'two signatures');
    ok(LiveHook::signed($request, $_), 'one of each') for $secret, $second->{secret};

    # for as long as was said

    SKIP: {
        skip 'no faketime', 4 unless faketime();
        try_it($store, 'hr');
        my $later = POSIX::strftime('@%Y-%m-%d %H:%M:%S', gmtime(time + 86400 + 60));
        done_ok(once($store, { at_time($later) }), 'a day later');
        $request = ($hook->requests)[-1];
        unlike($request->{'webhook-signature'}, qr/ /, 'one signature');
        ok(LiveHook::signed($request, $second->{secret}), 'by the new secret');
        ok(!LiveHook::signed($request, $secret), 'and not by the former');
    }

    my ($third) = json_lines(cv($store, 'webhook', 'rotate', 'hr', '--grace', '0', '--json')->{out});
    try_it($store, 'hr');
    done_ok(once($store), 'again');
    $request = ($hook->requests)[-1];
    is($request->{'webhook-signature'} =~ tr/ //, 0, 'without grace one signature');
    ok(LiveHook::signed($request, $third->{secret}), 'by the new secret');
    unlike(cv($store, 'export', '--secrets')->{out}, qr/\Q$second->{secret}\E/,
           'and the former is gone from the store');

    my $said = join '', map { $_->{out} . $_->{err} }
        cv($store, 'webhook', 'list'), cv($store, 'webhook', 'list', '--json'),
        cv($store, 'webhook', 'show', 'hr'), cv($store, 'webhook', 'show', 'hr', '--json'),
        cv($store, 'export'), cv($store, 'webhook', 'set', 'hr', '--event', '');
    unlike($said, qr/whsec_/, 'no secret is shown again');
    $hook->stop;
}


# Which events: by type and by issuer, while it is enabled

{
    my $store = fresh();
    my $hook = LiveHook->start;
    add_ours($store, 'all', "$hook->{url}/all");
    add_ours($store, 'issued', "$hook->{url}/issued", '--event', 'certificate.issued');
    add_ours($store, 'tokens', "$hook->{url}/tokens", '--event', 'token.created');
    add_ours($store, 'i', "$hook->{url}/i", '--issuer', 'i');
    add_ours($store, 'other', "$hook->{url}/other", '--issuer', 'other');
    add_ours($store, 'off', "$hook->{url}/off");
    cv_ok($store, 'webhook', 'disable', 'off', '--reason', 'on holiday');
    issue($store, 1);
    cv_ok($store, 'token', 'new', 'x1');
    try_it($store, 'all');
    is_deeply([map { shown($store, $_)->{waiting} } qw(all issued tokens i other off)],
              [3, 1, 1, 2, 0, 0], 'what waits');
    done_ok(once($store), 'sent');
    is_deeply([sort map { $_->{path} } $hook->requests],
              [sort map { "/hook/$_" } qw(all all all issued tokens i i)], 'to whom it is for');
    is_deeply([map { my $said = decode_json($_->{body}); [@$said{qw(type subject)}] }
               grep { $_->{path} eq '/hook/all' } $hook->requests],
              [['certificate.issued', 'x1'], ['token.created', 'x1'], ['webhook.test', undef]],
              'which credential each is about');
    is(shown($store, 'off')->{reason}, 'on holiday', 'a reason');
    fails(cv($store, 'webhook', 'test', 'off'), 'webhook test: webhook "off" is disabled; '
          . '"credverify webhook enable off"', 'nothing is sent to one that is disabled');

    # what it missed it can have

    cv_ok($store, 'webhook', 'enable', 'off');
    is(shown($store, 'off')->{waiting}, 0, 'it was not kept');
    my $r = cv_ok($store, 'webhook', 'replay', 'off', '--since', '2026-01-01', '--json');
    is($r->{out}, qq({"webhook":"off","queued":2}\n), 'replayed');
    $r = cv_ok($store, 'webhook', 'replay', 'off', '--since', '2026-01-01', '--json');
    is($r->{out}, qq({"webhook":"off","queued":0}\n), 'once');
    my ($event) = ($hook->requests)[0]->{'webhook-id'};
    cv_ok($store, 'webhook', 'replay', 'issued', '--event', $event);
    done_ok(once($store), 'sent');
    is(scalar(grep { $_->{path} eq '/hook/off' } $hook->requests), 2, 'what it missed');
    is(scalar(grep { $_->{path} eq '/hook/issued' && $_->{'webhook-id'} eq $event }
              $hook->requests), 2, 'one event again, by the same id');
    fails(cv($store, 'webhook', 'replay', 'other', '--event', $event),
          qq(webhook replay: event "$event" is not for webhook "other"), "nobody else's");
    fails(cv($store, 'webhook', 'replay', 'all', '--event', 'evt_none'),
          'webhook replay: there is no event "evt_none"', 'no such event');
    misused(cv($store, 'webhook', 'replay', 'all'), qr/one of --event, --since and --dead/,
            'which ones');
    misused(cv($store, 'webhook', 'replay', 'all', '--dead', '--since', '2026-01-01'),
            qr/one of --event, --since and --dead/, 'not two');
    misused(cv($store, 'webhook', 'add', 'u', '--url', 'http://h/', '--event', 'certificate.isued'),
            qr/--event: there is no "certificate.isued"/, 'a type that there is');
    misused(cv($store, 'webhook', 'add', 'u', '--url', 'http://joe:pass@h/'),
            qr/--url: it has a user name or password/, 'no password');
    misused(cv($store, 'webhook', 'set', 'all', '--url', 'http://joe@h/'),
            qr/--url: it has a user name or password/, 'nor later');
    cv_ok($store, 'webhook', 'set', 'tokens', '--event', 'certificate.issued');
    is_deeply(shown($store, 'tokens')->{events}, ['certificate.issued'], 'another type');
    cv_ok($store, 'webhook', 'remove', 'tokens');
    fails(cv($store, 'webhook', 'show', 'tokens'), 'webhook show: there is no webhook "tokens"',
          'removed');
    $hook->stop;
}


# What waits for a webhook is its issuer's, even if the webhook is another's by now

{
    my $store = fresh();
    my $hook = LiveHook->start;
    add_ours($store, 'hr', $hook->{url}, '--issuer', 'i');
    issue($store, 2);
    my $test = try_it($store, 'hr');
    cv_ok($store, 'webhook', 'set', 'hr', '--issuer', 'other');

    is(once($store)->{err} =~ s/evt_\w+/EVENT/gr,
       "credverify: deliver: webhook hr, EVENT: its event is of another issuer; attempt 1, the last\n" x 3
       . "credverify: deliver: not delivered: 0 waiting, 3 given up\n", 'nothing of it is sent');
    is(scalar(() = $hook->requests), 0, 'to nobody');

    like(cv($store, 'webhook', 'replay', 'hr', '--event', $test)->{err}, qr/is not for webhook "hr"/,
         'nor again');

    cv_ok($store, 'webhook', 'set', 'hr', '--issuer', 'i');
    cv_ok($store, 'webhook', 'replay', 'hr', '--dead');
    done_ok(once($store), 'to whom it was for');
    is_deeply([map { decode_json($_->{body})->{type} } $hook->requests],
              [('certificate.issued') x 2, 'webhook.test'], 'all of it');
    $hook->stop;
}


# What fails is tried again, and what comes after it waits

{
    my $store = fresh();
    my $hook = LiveHook->start(answer => sub {
        my $n = shift;
        return $n == 0 ? 500 : $n == 1 ? (503, "Retry-After: 120\r\n") : 204;
    });
    my $secret = add_ours($store, 'hr', $hook->{url});
    issue($store, 3);

    my $before = time;
    my $left = "credverify: deliver: not delivered: 3 waiting, 0 given up\n";
    my $r = once($store);
    is($r->{status}, 1, 'not all is delivered');
    like($r->{err}, qr/\Acredverify: deliver: webhook hr, evt_\w{32}: answered 500; attempt 1, again at \S+Z\n$left\z/,
         'said');
    is(shown($store, 'hr')->{waiting}, 3, 'all wait');
    is(scalar(() = $hook->requests), 1, 'for the first');
    is(shown($store, 'hr')->{last_error}, 'answered 500', 'the error is shown');

    my $next = sub {
        my ($y, $m, $d, $H, $M, $S) = shown($store, 'hr')->{next_at} =~ /\d+/g;
        return POSIX::mktime($S, $M, $H, $d, $m - 1, $y - 1900);
    };
    local $ENV{TZ} = 'UTC';
    POSIX::tzset();
    my $in = $next->() - $before;
    ok($in > 3 && $in < 9, "in 5 seconds: $in");

    SKIP: {
        skip 'no faketime', 11 unless faketime();
        my $at = sub { at_time(POSIX::strftime('@%Y-%m-%d %H:%M:%S', gmtime shift)) };

        is(once($store, { $at->($before + 1) })->{err}, $left, 'not before that');
        is(scalar(() = $hook->requests), 1, 'nothing is sent');

        my $now = $next->() + 1;
        is(once($store, { $at->($now) })->{status}, 1, 'then');
        is(scalar(() = $hook->requests), 2, 'it is sent');
        $in = $next->() - $now;
        ok($in < 300 + 60 + 5 && $in >= 298, "five minutes are longer than it was asked: $in");

        done_ok(once($store, { $at->($next->() + 1) }), 'later');
        my @requests = $hook->requests;
        is(scalar @requests, 5, 'all of it');
        is_deeply([map { number($_) } @requests], [map { "N-$_" } 1, 1, 1, 2, 3], 'in order');
        is($requests[$_]{'webhook-id'}, $requests[0]{'webhook-id'}, 'by the same id') for 1, 2;
        ok($requests[2]{'webhook-timestamp'} - $requests[0]{'webhook-timestamp'} >= 300
           && LiveHook::signed($requests[2], $secret), 'with a new timestamp, signed');
    }

    $hook->stop;
}


# A receiver that is repaired need not be waited for, nor is one event in the way of all

{
    my $store = fresh();
    my $broken = write_file('');
    my $hook = LiveHook->start(answer => sub { return -e $broken ? 500 : 200 });
    my $elsewhere = LiveHook->start;
    add_ours($store, 'hr', $hook->{url});
    issue($store, 3);
    once($store) for 1, 2;
    is(scalar(() = $hook->requests), 1, 'not before it is time');
    my $first = ($hook->ids)[0];

    my $r = cv_ok($store, 'webhook', 'retry', 'hr', '--json');
    is($r->{out}, qq({"webhook":"hr","event":"$first"}\n), 'what is tried at once');
    is(shown($store, 'hr')->{next_at}, undef, 'without a time');
    like(once($store)->{err}, qr/$first: answered 500; attempt 2, again/, 'attempts are counted on');

    cv_ok($store, 'webhook', 'enable', 'hr');
    like(once($store)->{err}, qr/$first: answered 500; attempt 3, again/, 'enabled');

    cv_ok($store, 'webhook', 'set', 'hr', '--event', '');
    is(scalar(() = once($store) && $hook->requests), 3, 'what else is set changes nothing of that');
    cv_ok($store, 'webhook', 'set', 'hr', '--private', 'true');
    like(once($store)->{err}, qr/$first: answered 500; attempt 4, again/, 'other addresses');

    # one that would never be taken

    $r = cv_ok($store, 'webhook', 'skip', 'hr', '--json');
    is($r->{out}, qq({"webhook":"hr","event":"$first"}\n), 'which is given up');
    my ($dead) = json_lines(cv($store, 'webhook', 'dead', 'hr', '--json')->{out});
    is("$dead->{event} $dead->{attempts} $dead->{error}", "$first 4 answered 500", 'a dead letter');
    is(shown($store, 'hr')->{waiting}, 2, 'the others wait');
    cv_ok($store, 'webhook', 'skip', 'hr');
    like((split /\n/, cv($store, 'webhook', 'dead', 'hr')->{out})[1],
         qr/  0  - +-  +skipped before it was tried\z/, 'another, that was never tried');

    like(once($store)->{err}, qr/attempt 1, again/, 'the next one');
    cv_ok($store, 'webhook', 'set', 'hr', '--url', $elsewhere->{url});
    done_ok(once($store), 'at another place');
    is_deeply([map { number($_) } $elsewhere->requests], ['N-3'], 'at once');

    fails(cv($store, 'webhook', $_, 'hr'), qq(webhook $_: nothing waits for webhook "hr"),
          "$_ nothing") for 'retry', 'skip';
    fails(cv($store, 'webhook', $_, 'none'), qq(webhook $_: there is no webhook "none"),
          "$_ for none") for 'retry', 'skip';

    # where nothing is sent, nothing can be tried, but it can be given up

    cv_ok($store, 'webhook', 'replay', 'hr', '--dead');
    cv_ok($store, 'webhook', 'disable', 'hr');
    like(cv($store, 'webhook', 'retry', 'hr')->{err}, qr/is disabled; "credverify webhook enable hr"/,
         'disabled');
    cv_ok($store, 'webhook', 'skip', 'hr');
    is(shown($store, 'hr')->{waiting}, 1, 'one is given up');
    unlink $broken;
    cv_ok($store, 'webhook', 'enable', 'hr');
    done_ok(once($store), 'the rest');
    is(shown($store, 'hr')->{waiting}, 0, 'has arrived');
    done_ok(cv($store, 'check'), 'the store is whole');

    # whoever is at work sees it

    my $wrong = LiveHook->start(answer => sub { return shift() == 0 ? 500 : 200 });
    add_ours($store, 'live', $wrong->{url});
    my $daemon = start('--store', $store, 'deliver');
    try_it($store, 'live');
    ok(soon(sub { shown($store, 'live')->{next_at} }), 'it has failed');
    my $at = time;
    cv_ok($store, 'webhook', 'retry', 'live');
    is($wrong->waits_for(2, 3), 2, 'and is sent again');
    ok(time - $at < 3, 'at once');
    kill 'TERM', $daemon->{pid};
    is(finish($daemon)->{status}, 0, 'ended');
    $_->stop for $hook, $elsewhere, $wrong;
}


# Who was told to wait by a clock that was wrong does not wait until then

SKIP: {
    skip 'no faketime', 4 unless faketime();

    my $store = fresh();
    my $hook = LiveHook->start(answer => sub { $_[0] == 0 ? 500 : 200 });
    add_ours($store, 'hr', $hook->{url});
    try_it($store, 'hr');

    like(once($store, { at_time('@2046-05-12 00:00:00') })->{err}, qr/again at 2046-05-12T/,
         'years later');
    is(scalar(() = $hook->requests), 1, 'it was tried');
    done_ok(once($store), 'by the right clock');
    is(scalar(() = $hook->requests), 2, 'it is not late');
    $hook->stop;
}


# At last it is a dead letter, which does not stand in the way

SKIP: {
    skip 'no faketime', 1 unless faketime();

    subtest 'the whole schedule' => sub {
        my $store = fresh();
        my $hook = LiveHook->start(answer => sub { return shift() < 10 ? 500 : 200 });
        add_ours($store, 'hr', $hook->{url});
        issue($store, 2);

        my $now = time;

        for (1 .. 10) {
            my $at = POSIX::strftime('@%Y-%m-%d %H:%M:%S', gmtime $now);
            like(once($store, { at_time($at) })->{err},
                 $_ < 10 ? qr/attempt $_, again at/ : qr/attempt 10, the last/, "attempt $_");
            my $next = shown($store, 'hr')->{next_at} or next;
            my ($y, $m, $d, $H, $M, $S) = $next =~ /\d+/g;
            $now = POSIX::mktime($S, $M, $H, $d, $m - 1, $y - 1900) + 1;
        }

        my $days = ($now - time) / 86400;
        ok($days > 3.14 && $days < 3.79, "within three days: $days");

        is(shown($store, 'hr')->{dead}, 1, 'a dead letter');
        is(shown($store, 'hr')->{waiting}, 0, 'the next has arrived');
        my ($dead, @more) = json_lines(cv($store, 'webhook', 'dead', 'hr', '--json')->{out});
        is(scalar @more, 0, 'one');
        is("$dead->{type} $dead->{attempts} $dead->{status} $dead->{error}",
           'certificate.issued 10 500 answered 500', 'as it is shown');
        like(cv($store, 'webhook', 'dead', 'hr')->{out},
             qr/\A$dead->{event}  certificate\.issued  \S+  10  \S+Z  500  answered 500\n\z/,
             'to people as well');
        is((cv_ok($store, 'webhook', 'replay', 'hr', '--dead', '--json'))->{out},
           qq({"webhook":"hr","queued":1}\n), 'again');
        is(shown($store, 'hr')->{dead}, 0, 'dead no more');
        done_ok(once($store), 'sent');
        is(($hook->ids)[-1], $dead->{event}, 'by its id');
        done_ok(cv($store, 'check'), 'the store is whole');
        $hook->stop;
    };
}


# 410 is the end; redirects lead nowhere

{
    my $store = fresh();
    my $gone = LiveHook->start(answer => sub { return shift() == 0 ? 410 : 200 });
    my $inside = LiveHook->start;
    my $redirect = LiveHook->start(answer => sub {
        return (shift() % 2 ? 307 : 302, "Location: $inside->{url}\r\n");
    });
    add_ours($store, 'gone', $gone->{url});
    add_ours($store, 'redirect', $redirect->{url});
    issue($store, 2);

    my $r = once($store);
    like($r->{err}, qr/webhook gone, evt_\w+: answered 410; attempt 1, and the webhook is disabled/,
         'said');
    like($r->{err}, qr/webhook redirect, evt_\w+: answered 302, and redirects are not followed/,
         'said');
    like($r->{err}, qr/^credverify: deliver: not delivered: 2 waiting, 1 given up\n\z/m,
         'but for what waits for who wants nothing');
    is(shown($store, 'gone')->{status}, 'disabled', 'disabled');
    like(shown($store, 'gone')->{reason}, qr/\Aanswered 410 at \S+Z\z/, 'and why');
    is(scalar(() = $gone->requests), 1, 'nothing more is sent');
    is(scalar(() = $inside->requests), 0, 'nor where the redirect leads to');
    issue($store, 1, 3);
    once($store);
    is(shown($store, 'gone')->{waiting}, 2, 'nor kept');
    cv_ok($store, 'webhook', 'enable', 'gone');
    is(shown($store, 'gone')->{reason}, undef, 'enabled again');
    like(once($store)->{err}, qr/\Acredverify: deliver: not delivered: 3 waiting, 0 given up\n\z/, 'sent');
    is_deeply([map { number($_) } $gone->requests], ['N-1', 'N-1', 'N-2'], 'what waited');
    like(cv($store, 'webhook', 'history', 'gone')->{out}, qr/deliver/, 'and who disabled it');
    $_->stop for $gone, $inside, $redirect;
}


# Private addresses are not spoken to, whatever they are called

{
    my $store = fresh();
    my $hook = LiveHook->start;
    my %urls = (
        literal => "http://127.0.0.1:$hook->{port}/", name => "http://localhost:$hook->{port}/",
        decimal => "http://2130706433:$hook->{port}/", short => "http://127.1:$hook->{port}/",
        hex => "http://0x7f000001:$hook->{port}/", octal => "http://0177.0.0.1:$hook->{port}/",
        six => "http://[::1]:$hook->{port}/", mapped => "http://[::ffff:127.0.0.1]:$hook->{port}/",
        zero => "http://0.0.0.0:$hook->{port}/", any => "http://[::]:$hook->{port}/",
        cloud => 'http://169.254.169.254/latest', ten => 'https://10.0.0.1/',
    );
    add($store, $_, $urls{$_}) for sort keys %urls;
    issue($store, 1);
    once($store);

    for (sort keys %urls) {
        my $said = shown($store, $_)->{last_error};
        like($said, qr/\A\S+ is (?:loopback|unspecified|link-local|private), and such addresses/, $_);
    }

    is(scalar(() = $hook->requests), 0, 'nothing is sent');

    # a connection that may be used by one is none for the other

    my $other = fresh();
    add_ours($other, 'may', $hook->{url});
    add($other, 'may-not', $hook->{url});
    my $daemon = start('--store', $other, 'deliver');
    try_it($other, 'may');
    is($hook->waits_for(1), 1, 'one that may');
    try_it($other, 'may-not');
    ok(soon(sub { shown($other, 'may-not')->{last_error} }), 'one that may not');
    try_it($other, 'may');
    is($hook->waits_for(2), 2, 'one that may still');
    kill 'TERM', $daemon->{pid};
    is(finish($daemon)->{status}, 0, 'ended');
    like(shown($other, 'may-not')->{last_error}, qr/is loopback/, 'was not sent over the same');
    is(scalar(() = $hook->requests), 2, 'connection');
    $hook->stop;
}


# A name that leads to another address each time: what was good once is looked at
# again. No packet leaves this machine: the public address is a loopback one.

SKIP: {
    my $library = temp() . '.so';
    my $source = write_file(<<'EOF', temp() . '.c');
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* "rebind.example" is what the file says, which loses a line each time */

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
    struct addrinfo **result)
{
    int         n = 0;
    char        lines[64][64];
    FILE       *file;
    static char address[64];

    if (strcmp(node, "rebind.example") == 0) {
        file = fopen(getenv("REBIND"), "r");
        while (fgets(lines[n], sizeof(lines[n]), file)) { n++; }
        fclose(file);
        file = fopen(getenv("REBIND"), "w");
        for (int i = 1; i < n; i++) { fputs(lines[i], file); }
        fclose(file);
        strcpy(address, lines[0]);
        address[strcspn(address, "\n")] = '\0';
        node = address;
    }

    return ((int (*)(const char *, const char *, const struct addrinfo *,
                     struct addrinfo **)) dlsym(RTLD_NEXT, "getaddrinfo"))
           (node, service, hints, result);
}

static int  public_fd = -1;

int
getpeername(int fd, struct sockaddr *address, socklen_t *len)
{
    int                 rc;
    struct sockaddr_in  in;

    rc = ((int (*)(int, struct sockaddr *, socklen_t *))
          dlsym(RTLD_NEXT, "getpeername"))(fd, address, len);

    if (rc == 0 && fd == public_fd) {
        memcpy(&in, address, sizeof(in));
        in.sin_addr.s_addr = htonl(0x08080808);
        memcpy(address, &in, sizeof(in));
    }

    return rc;
}

int
connect(int fd, const struct sockaddr *address, socklen_t len)
{
    struct sockaddr_in  in;

    if (address->sa_family == AF_INET) {
        memcpy(&in, address, sizeof(in));

        if (in.sin_addr.s_addr == htonl(0x08080808)) {
            public_fd = fd;
            in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            address = (struct sockaddr *) &in;
            len = sizeof(in);
        }
    }

    return ((int (*)(int, const struct sockaddr *, socklen_t))
            dlsym(RTLD_NEXT, "connect"))(fd, address, len);
}
EOF

    skip 'no library', 7 if read_file($BINARY) =~ /__asan_init/
        || system('cc', '-shared', '-fPIC', '-o', $library, $source, '-ldl') != 0;

    my $store = fresh();
    my $hook = LiveHook->start(answer => sub { return (200, "Connection: close\r\n") });
    my $names = write_file("8.8.8.8\n192.168.1.1\n8.8.8.8\n127.0.0.1\n");
    my $with = { before => sub { $ENV{LD_PRELOAD} = $library; $ENV{REBIND} = $names } };
    add($store, 'hr', "http://rebind.example:$hook->{port}/");

    try_it($store, 'hr');
    done_ok(once($store, $with), 'a public address');
    is(scalar(() = $hook->requests), 1, 'is sent to');
    try_it($store, 'hr');
    like(once($store, $with)->{err}, qr/192\.168\.1\.1 is private/, 'then a private one');
    cv($store, 'webhook', 'remove', 'hr');
    add($store, 'hr', "http://rebind.example:$hook->{port}/");
    try_it($store, 'hr');
    done_ok(once($store, $with), 'a public one again');
    is(scalar(() = $hook->requests), 2, 'is sent to');
    try_it($store, 'hr');
    like(once($store, $with)->{err}, qr/127\.0\.0\.1 is loopback/, 'then one of this machine');
    is(scalar(() = $hook->requests), 2, 'nothing is sent there');
    $hook->stop;
}


# Who is slow, or says too much, is nobody else's trouble; there are limits

{
    my $store = fresh();
    my $slow = LiveHook->start(answer => sub { sleep 3; 200 });
    my $fast = LiveHook->start;
    my $mute = LiveHook->start(answer => sub { sleep 60; 200 });
    my $loud = LiveHook->start(answer => sub { return (200, '', 'x' x 3_000_000) });
    my $wordy = LiveHook->start(answer => sub { return (200, join '', map { "X-$_: " . 'y' x 1000 . "\r\n" } 1 .. 5000) });
    my $down = LiveHook->start;
    my $hangs = LiveHook->start(answer => sub { undef });
    $down->stop;

    my %hooks = (slow => $slow, fast => $fast, mute => $mute, loud => $loud, wordy => $wordy,
                 down => $down, hangs => $hangs);
    add_ours($store, $_, $hooks{$_}{url}) for sort keys %hooks;
    issue($store, 100);

    my $began = time;
    my $daemon = start('--store', $store, 'deliver', '--timeout', '5s');
    is($fast->waits_for(100, 2.5), 100, 'the fast one has all of it before the slow one has one');
    is_deeply([map { number($_) } $fast->requests], [map { "N-$_" } 1 .. 100], 'in order');
    is($slow->waits_for(2, 10), 2, 'the slow one at its pace');
    ok($loud->waits_for(20, 10) >= 20, 'what is answered is not read on');
    ok(soon(sub { (shown($store, 'mute')->{last_error} // '') =~ /timed out/i }, 10), 'a time limit');
    ok(time - $began < 15, 'is kept');

    my ($mute_said) = map { $_->{last_error} } shown($store, 'mute');
    like($mute_said, qr/timed out after 50\d\d milliseconds/, 'in words');
    like(shown($store, 'down')->{last_error}, qr/connect/i, 'nobody there');
    like(shown($store, 'hangs')->{last_error}, qr/empty reply/i, 'no answer');
    ok(shown($store, 'wordy')->{waiting} < 100, 'too many fields are an answer, too');

    # it ends when what is under way has ended, and forgets nothing of it

    $slow->waits_for(3, 10);
    my $had = () = $slow->requests;
    kill 'TERM', $daemon->{pid};
    my $r = finish($daemon);
    is($r->{status}, 0, 'ended by a signal');
    is(shown($store, 'slow')->{waiting}, 100 - $had, 'with what was under way');
    unlike($r->{err}, qr/whsec_/, 'no secret is said');
    done_ok(cv($store, 'check'), 'the store is whole');
    $_->stop for $slow, $fast, $mute, $loud, $wordy, $hangs;
}


# Who is to end waits for what is under way, and does nothing else meanwhile

{
    my $store = fresh();
    my %hooks = map { my $s = $_; ($s => LiveHook->start(answer => sub { sleep $s; 200 })) } 1, 3;
    add_ours($store, "w$_", $hooks{$_}{url}) for keys %hooks;
    issue($store, 2);

    my $daemon = start('--store', $store, 'deliver');
    $_->waits_for(1, 10) for values %hooks;
    kill 'TERM', $daemon->{pid};
    my $before = ticks($daemon);
    ok(soon(sub { read_proc("/proc/$daemon->{pid}/stat") =~ /\) Z / }), 'it ends');
    my $used = ticks($daemon) - $before;
    ok($used < 50, 'and only waits until then') or diag($used);
    done_ok(finish($daemon), 'in order');
    is(shown($store, "w$_")->{waiting}, 1, 'with what was under way') for keys %hooks;
    $_->stop for values %hooks;
}


# TLS: who is trusted, and by which name

SKIP: {
    skip 'no IO::Socket::SSL', 6 unless eval { require IO::Socket::SSL };

    my $dir = temp();
    mkdir $dir or die "$dir: $!";
    my $openssl = sub {
        system("cd $dir && openssl @_ >/dev/null 2>&1") == 0 or die "openssl @_";
    };
    $openssl->('req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=Test-CA -keyout ca.key -out ca.pem');

    for (['good', 'IP:127.0.0.1'], ['bad', 'DNS:elsewhere.example']) {
        my ($name, $san) = @$_;
        write_file("subjectAltName=$san\n", "$dir/$name.ext");
        $openssl->("req -newkey rsa:2048 -nodes -subj /CN=$name -keyout $name.key -out $name.csr");
        $openssl->("x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 "
                   . "-extfile $name.ext -out $name.pem");
    }

    my %hooks = map { $_ => LiveHook->start(tls => { cert => "$dir/$_.pem", key => "$dir/$_.key" }) }
        qw(good bad);
    my $store = fresh();
    add_ours($store, $_, $hooks{$_}{url}) for sort keys %hooks;
    issue($store, 1);
    like(once($store)->{err}, qr/certificate/i, 'a CA that is not trusted');
    is(scalar(() = $hooks{good}->requests), 0, 'nothing is sent');

    $store = fresh();
    add_ours($store, $_, $hooks{$_}{url}) for sort keys %hooks;
    issue($store, 1);
    my $r = cv($store, 'deliver', '--once', '--ca-file', "$dir/ca.pem");
    is(scalar(() = $hooks{good}->requests), 1, 'one that is');
    like($r->{err}, qr/\A[^\n]*webhook bad[^\n]*(?:subject name|alternative)[^\n]*\n[^\n]*1 waiting, 0 given up\n\z/i, 'another name');
    is(scalar(() = $hooks{bad}->requests), 0, 'nothing is sent');
    fails(cv($store, 'deliver', '--ca-file', "$dir/none"),
          "deliver: $dir/none: No such file or directory", 'a file that is not there');
    $_->stop for values %hooks;
}


# What the environment says of proxies is none of a receiver's business

{
    my $store = fresh();
    my ($hook, $proxy) = (LiveHook->start, LiveHook->start);
    add_ours($store, 'hr', $hook->{url});
    try_it($store, 'hr');
    local @ENV{qw(http_proxy all_proxy ALL_PROXY)} = ("http://127.0.0.1:$proxy->{port}") x 3;
    done_ok(once($store), 'sent');
    is(scalar(() = $hook->requests), 1, 'there');
    is(scalar(() = $proxy->requests), 0, 'and nowhere else');
    $_->stop for $hook, $proxy;
}


# One for a store; a store that is replaced is opened again

{
    my $store = fresh();
    my $hook = LiveHook->start;
    add_ours($store, 'hr', $hook->{url});
    my $backup = temp();
    cv_ok($store, 'backup', $backup);
    try_it($store, 'hr');

    my $daemon = start('--store', $store, 'deliver');
    is($hook->waits_for(1), 1, 'at work');
    fails(cv($store, 'deliver'), qq(deliver: $store: another "credverify deliver" is at work on )
          . 'this store', 'a second one');
    fails(cv($store, 'deliver', '--once'), qr/another "credverify deliver"/, 'even once');

    cv_ok($store, 'restore', '--replace', $backup);
    my $event = try_it($store, 'hr');
    is($hook->waits_for(2), 2, 'of the restored store');
    is(($hook->ids)[-1], $event, 'what is new there');

    my ($before) = ticks($daemon);
    sleep 5;
    my ($after) = ticks($daemon);
    ok($after - $before <= 5, 'idle, it takes less than 1 % of a processor');

    kill 'TERM', $daemon->{pid};
    my $r = finish($daemon);
    is($r->{status}, 0, 'ended');
    like($r->{err}, qr/\Acredverify: deliver: [^\n]*replaced; it is opened again\n\z/, 'said once');
    done_ok(once($store), 'another one may be');
    misused(cv($store, 'deliver', '--timeout', $_), qr/--timeout/, "no limit of $_")
        for '0', '31s', 'x';
    $hook->stop;
}

sub ticks {
    my $daemon = shift;
    my @stat = split ' ', read_proc("/proc/$daemon->{pid}/stat") =~ s/.*\) //r;
    return $stat[11] + $stat[12];
}

sub read_proc {
    my $file = shift;
    open my $in, '<', $file or return '';
    return scalar <$in>;
}


# It tells of keys that have used their month, and of months that are closed

SKIP: {
    skip 'no faketime', 6 unless faketime();

    my $store = temp();
    my $then = sub { at_time('@' . shift) };
    run({ $then->('2026-09-10 12:00:00') }, '--store', $store, 'init');
    run({ $then->('2026-09-10 12:00:00'),
          in => '{"kind":"tier","id":"t","limits":{"month":100},"price_cents":500}' . "\n"
                . join '', map { sprintf qq({"kind":"key","id":"%s","tier":"t","key_sha256":"%s"}\n),
                                         $_, $_ x 64 } 'a', 'b' }, '--store', $store, 'import', '-');
    my $hook = LiveHook->start;
    add_ours($store, 'billing', $hook->{url}, '--event', 'quota.reached', '--event', 'usage.closed');
    write_month($store, 1, '2026-09', 100);
    write_month($store, 2, '2026-09', 99);

    done_ok(once($store, { $then->('2026-09-20 12:00:00') }), 'the month that is');
    is_deeply([map { decode_json($_->{body})->{data} } $hook->requests],
              [{ keyId => 'a', month => '2026-09', included => 100, used => 100 }], 'one has reached it');
    done_ok(once($store, { $then->('2026-09-20 12:02:00') }), 'again');
    is(scalar(() = $hook->requests), 1, 'once');

    done_ok(once($store, { $then->('2026-10-01 01:00:01') }), 'an hour after it');
    my @closed = map { decode_json($_->{body}) } $hook->requests;
    is_deeply([map { "$_->{type} $_->{data}{keyId} $_->{data}{used}" } @closed[1 .. $#closed]],
              ['usage.closed a 100', 'usage.closed b 99'], 'it is closed');
    $hook->stop;
}


# Killed at any moment, it forgets nothing, and repeats by the same ids

{
    my $store = fresh();
    my @hooks = map { LiveHook->start } 1, 2;
    add_ours($store, "w$_", $hooks[$_ - 1]{url}) for 1, 2;
    my ($count, $kills, $arrived) = (0, 0, 0);

    srand 7;

    while ($kills < 40) {
        issue($store, 40, $count + 1);
        $count += 40;

        for (1 .. 4) {
            my $daemon = start('--store', $store, 'deliver');
            sleep 0.02 + rand 0.12;
            kill 'KILL', $daemon->{pid};
            $kills += finish($daemon)->{signal} == 9;
        }
    }

    done_ok(once($store), 'the rest');

    for my $hook (@hooks) {
        my @requests = $hook->requests;
        my (%body, @first, $other);

        for (@requests) {
            my $id = $_->{'webhook-id'};
            push @first, number($_) unless exists $body{$id};
            $other++ if defined $body{$id} && $body{$id} ne $_->{body};
            $body{$id} = $_->{body};
        }

        is_deeply(\@first, [map { "N-$_" } 1 .. $count], "all $count, each first in its order");
        is($other, undef, 'what is repeated is the same');
        note(scalar(@requests) . " requests for $count events, $kills kills");
    }

    is(shown($store, $_)->{waiting}, 0, 'nothing waits') for qw(w1 w2);
    done_ok(cv($store, 'check'), 'the store is whole');
    $_->stop for @hooks;
}
