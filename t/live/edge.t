# conf-examples/edge.conf: what is shown by an edge that keeps answers, and for how
# long; two of the same configuration, of which one is the edge and one the origin.

use strict;
use warnings;

use lib 't/lib';
use Digest::SHA qw(sha256_hex);
use JSON::PP;
use POSIX qw(floor strftime);
use Test::More;
use Time::HiRes qw(sleep time);
use Time::Local qw(timegm);
use Credverify;
use EdgeTiers;
use LiveLoad;

# What README.md says, in seconds; and what a request may take on a busy machine,
# which the edge itself limits to one.

my $BOUND = 5;
my $ON_THE_WAY = 1;

# What pages and badges are colored by.

my $VALID = qr/data-reason="valid"/;

my $store = Credverify::folder() . '/store';
my $key = 'tc_live_' . 'k' x 40;
my %token = map { $_ => sha256_hex("edge $_") } qw(page masked lapsing keyed cold);

sub instant {
    my $at = shift;
    return strftime('%Y-%m-%dT%H:%M:%S', gmtime floor($at)) . sprintf '.%03dZ', 1000 * ($at - floor($at)) + 0.5;
}

sub add {
    Credverify::run($store, join('', map { "$_\n" } @_), 'import', '-') or die 'no import';
}

sub badge {
    my ($code, %is) = @_;
    my $expires = $is{expires} ? '"' . instant($is{expires}) . '"' : 'null';
    return qq({"kind":"credential","id":"$code","class":"$is{class}","holder":"h","status":"issued","code":"$code","expires_at":$expires});
}

sub link_to {
    my ($name, $credential, $privacy) = @_;
    $privacy //= 'full';
    return qq({"kind":"token","token":"$token{$name}","credential":"$credential","privacy":"$privacy"});
}

Credverify::run($store, undef, 'init', '--map-size', '64M') or die 'no store';
add(
    map({ (qq({"kind":"issuer","id":"$_","name":"$_"}),
           qq({"kind":"class","id":"of-$_","issuer":"$_","title":"Of $_"})) } qw(truecert validtrust testedclear)),
    '{"kind":"holder","id":"h","name":"Jane Smith","display_name":"Jane"}',
    (map { badge($_, class => 'of-validtrust') } qw(warm head other revoked dead gone cold keyless)),
    badge('page', class => 'of-truecert'), badge('private', class => 'of-testedclear'),
    link_to('page', 'page'), link_to('cold', 'page'), link_to('masked', 'page', 'masked'), link_to('keyed', 'private'),
    qq({"kind":"key","id":"k","key":"$key","scopes":["verify:read"]}));

my ($edge, $origin) = EdgeTiers::start($store);

# What the origin was asked since it was last looked, as "STATUS PATH".

my $read = 0;

sub asked {
    sleep 0.05;
    my $log = $origin->slurp("$origin->{prefix}/var/origin.log");
    my $new = substr $log, $read;
    $read = length $log;
    return map { m{"\w+ (\S+) HTTP/1\.1" (\d+)} ? "$2 $1" : $_ } split /\n/, $new;
}

sub field {
    my ($head, $name) = @_;
    my @values = $head =~ /^\Q$name\E: (.*)\r$/mg;
    return join ' and ', @values;
}

sub get {
    my ($path, %is) = @_;
    my ($status, $body, $head) = $edge->get($path, %is);
    return { status => $status, body => $body // '', cache => field($head, 'X-Cache'), head => $head,
             control => field($head, 'Cache-Control') };
}

sub is_got {
    my ($got, $status, $cache, $name) = @_;
    is("$got->{status} $got->{cache}", "$status $cache", $name);
}

subtest 'what is kept' => sub {
    my $first = get('/badge/warm');
    is_got($first, 200, 'MISS', 'the first is fetched');
    like($first->{body}, $VALID, 'and valid');

    my $next = get('/badge/warm');
    is_got($next, 200, 'HIT', 'the next is not');
    is($next->{body}, $first->{body}, 'and the same');
    is(scalar(my @asked = asked()), 1, 'the origin was asked once');

    for ($first, $next) {
        is($_->{control}, 'no-cache', 'clients ask each time');
        unlike($_->{head}, qr/^(?:Surrogate-Key|Cache-Tag|Age|Server: nginx\/)/mi, 'tags are not for them');
        is(field($_->{head}, 'X-Content-Type-Options'), 'nosniff', 'what the origin says to browsers is');
        is(field($_->{head}, 'Access-Control-Allow-Origin'), '*', 'all of it');
    }

    my $etag = field($first->{head}, 'ETag');
    like($etag, qr/^"[0-9a-f]{16}"$/, 'a strong ETag');
    is_got(get('/badge/warm', headers => ["If-None-Match: $etag"]), 304, 'HIT', 'the edge compares it');
    is_got(get('/badge/warm', headers => ['If-None-Match: "0"']), 200, 'HIT', 'itself');

    my $head = get('/badge/head', method => 'HEAD');
    is_got($head, 200, 'MISS', 'HEAD fetches');
    is($head->{body}, '', 'without a body');
    my $body = get('/badge/head');
    is_got($body, 200, 'HIT', 'what GET shows');
    is(field($head->{head}, 'Content-Length'), length $body->{body}, 'whole');
    is_got(get('/badge/head', method => 'HEAD'), 200, 'HIT', 'and HEAD again');
    is_deeply([map { s/\?.*//r } asked()], ['200 /badge/head'], 'all of that by one request');
};

# What the text/html of one browser is to another one, and Accept to the origin.

my %accept = (
    chrome => 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7',
    firefox => 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    curl => '*/*', json => 'application/json', rather => 'text/html;q=0.5, application/json',
    image => 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
    'firefox image' => 'image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5', odd => 'json?', none => undef,
);

subtest 'Accept' => sub {
    my $ask = sub {
        my ($who, $more) = @_;
        return get("/api/verify/?token=$token{page}" . ($more // ''),
                   headers => [defined $accept{$who} ? "Accept: $accept{$who}" : ()]);
    };

    asked();

    for (['chrome', 'html', 'MISS'], ['firefox', 'html', 'HIT'], ['json', 'json', 'MISS'], ['json', 'json', 'HIT'],
         ['rather', 'json', 'BYPASS'], ['rather', 'json', 'BYPASS'], ['chrome', 'html', 'HIT'], ['curl', 'html', 'MISS'], ['none', 'html', 'HIT'],
         ['odd', 'html', 'HIT'], ['image', 'svg', 'MISS'], ['firefox image', 'svg', 'HIT'])
    {
        my ($who, $what, $cache) = @$_;
        my $got = $ask->($who);
        is_got($got, 200, $cache, $who);
        like(field($got->{head}, 'Content-Type'), qr{^(?:text|application|image)/\Q$what\E\b}, $what);
        like(field($got->{head}, 'Vary'), qr/\bAccept\b/, 'and clients are told that it varies');
    }

    is_got($ask->('chrome', '&format=json'), 200, 'MISS', 'the argument');
    is_got($ask->('firefox', '&format=json'), 200, 'HIT', 'counts for all alike');

    is_got(get("/api/verify/?utm_source=mail&token=$token{page}&x=1", headers => ["Accept: $accept{chrome}"]), 200, 'HIT',
           'what else is in a link does not');
    is_got(get("/api/verify/?format=&token=$token{page}", headers => ["Accept: $accept{chrome}"]), 200, 'HIT', 'nor in what order');

    my @asked = asked();
    is(scalar @asked, 7, 'so many answers were fetched');
    is(scalar(grep { m{^200 /api/verify/\?token=\*\*\*&format=(?:json)?&theme=$} } @asked), 7, 'by what the origin reads');

    like($ask->('json')->{body}, qr/"holder":"Jane Smith"/, 'a link');
    my $masked = get("/api/verify/?token=$token{masked}&format=json");
    is_got($masked, 200, 'MISS', 'another link is another');
    like($masked->{body}, qr/"privacy_level":"masked","holder":null/, 'and shows what it may');
};

subtest 'what is not kept' => sub {
    asked();

    for my $n (1, 2) {
        my $got = get('/badge/soon');
        is_got($got, 404, 'MISS', 'what is not found');
        is($got->{control}, 'no-store', 'nowhere');
        is_got(get('/badge/warm?format=pdf'), 400, 'BYPASS', 'what is wrong');
        is_got(get('/badge/warm?format=json&theme=sepia'), 200, 'BYPASS', 'what nobody would purge');
        is_got(get('/badge/warm', method => 'POST', headers => ['Content-Length: 0']), 405, '', 'what is no question');
        is_got(get("/api/v1/verify?token=$token{keyed}"), 401, '', 'who has no key');

        my $keyed = get("/api/v1/verify?token=$token{keyed}", headers => ["X-API-Key: $key"]);
        is_got($keyed, 200, '', 'who has one');
        is($keyed->{control}, 'private, max-age=3', 'is told for itself');

        is_got(get('/badge/keyless', headers => [$_]), 200, 'BYPASS', 'who shows one without need')
            for "X-API-Key: $key", "Authorization: Bearer $key";
    }

    is(scalar(my @asked = asked()), 16, 'the origin was asked each time');

    add(badge('soon', class => 'of-validtrust'));
    my $got = get('/badge/soon');
    is_got($got, 200, 'MISS', 'what was issued is there at once');
    like($got->{body}, $VALID, 'and valid');
    is_got(get('/badge/keyless'), 200, 'MISS', 'what keys have fetched is not');
};

subtest 'many who ask for the same' => sub {
    asked();
    my $seen = load($edge->{port}, "GET /badge/cold HTTP/1.1\r\nHost: t\r\n\r\n", connections => 50, answers => 50);
    is_deeply($seen, { 200 => 50, lost => 0 }, 'are answered');
    is_deeply([map { s/\?.*//r } asked()], ['200 /badge/cold'], 'by one answer');
};

# What may be shown of a credential that is revoked, or that ends, asked for as
# often as there is time. All of them are kept at the edge before.

my $now = time;
my %ends = map { ("ends-$_" => floor($now) + 4 + $_ / 4) } 0 .. 7;

add((map { badge($_, class => 'of-validtrust', expires => $ends{$_}) } sort keys %ends),
    badge('lapsing', class => 'of-truecert', expires => floor($now) + 6),
    link_to('lapsing', 'lapsing'));

my %asked = (
    (map { $_ => ["/badge/$_", $VALID] } 'revoked', keys %ends),
    (map { $_ => ["/api/verify/?token=$token{page}&format=$_", $VALID] } qw(svg badge)),
    json => ["/api/verify/?token=$token{page}&format=json", qr/"valid":true/],
    page => ["/api/verify/?token=$token{page}&format=html", $VALID],
    masked => ["/api/verify/?token=$token{masked}&format=json", qr/"valid":true/],
    lapsing => ["/api/verify/?token=$token{lapsing}&format=json", qr/"valid":true/],
);

$ends{lapsing} = floor($now) + 6;

my (%last, %first, %hits, %moment, %wrong, $revoked);
my $oldest = 0;
my $until = $now + 30;

asked();

while (time < $until) {
    for my $name (sort keys %asked) {
        my ($path, $valid) = @{$asked{$name}};
        my $start = time;
        my $got = get($path);

        # one of the views has that for what is revoked

        $wrong{"$got->{status} of $name"}++ if $got->{status} != ($name eq 'revoked' && $revoked && $got->{status} != 200 ? 404 : 200);
        $hits{$name}++ if $got->{cache} eq 'HIT';

        if ($got->{body} =~ $valid) {
            $last{$name} = $start;
            delete $first{$name};
        } else {
            $first{$name} //= $start;
        }

        if ($got->{body} =~ /"verified_at":"(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)/) {
            my $age = $start - timegm($6, $5, $4, $3, $2 - 1, $1);
            $oldest = $age if $age > $oldest;
        }
    }

    if (!$revoked && time > $now + 2.5) {
        Credverify::run($store, undef, 'credential', 'revoke', $_) or die 'not revoked' for qw(revoked page);
        $revoked = time;
    }

    last if keys %first == keys %asked && time > $revoked + $BOUND + 1;
    sleep 0.01;
}

my @asked = asked();

is_deeply(\%wrong, {}, 'every answer is one');

for my $name (sort keys %asked) {
    ok($hits{$name}, "$name: was kept");
    ok($last{$name}, 'and valid');
    ok($first{$name}, 'until it was not') or next;

    if ($ends{$name}) {
        cmp_ok($last{$name}, '<', $ends{$name}, 'when it ends');
    } else {
        cmp_ok($last{$name} - $revoked, '<=', $BOUND + $ON_THE_WAY, "$BOUND seconds after it was revoked");
    }
}

cmp_ok($oldest, '<=', $BOUND + $ON_THE_WAY + 1, 'no moment of checking that is shown is older');
for my $path ('/badge/', '/api/\S+format=svg', '/api/\S+format=badge') {
    ok(scalar(grep { m{^304 $path} } @asked), "what shows none is asked for by 304: $path");
}

is_deeply([grep { m{^304 /api/\S+format=(?:json|html)} } @asked], [], 'what shows one is not');

# An origin that does not answer, and one that is not there

subtest 'an origin that hangs' => sub {
    my @workers = $origin->workers;
    kill 'STOP', @workers;
    my $got = get("/api/verify/?token=$token{cold}");
    kill 'CONT', @workers;

    is_got($got, 504, 'MISS', 'is waited for, but not for long');
    is($got->{control}, 'no-store', 'and that is not kept');
    is_got(get("/api/verify/?token=$token{cold}"), 200, 'MISS', 'nor thought of afterwards');
};

subtest 'an origin that is gone' => sub {
    is_got(get('/badge/dead'), 200, $_, "kept: $_") for qw(MISS HIT);
    is($origin->stop, 0, 'the origin ends');

    my $gone = time;
    my ($shown, $got, $start) = (0);

    do {
        sleep 0.02;
        $start = time;
        $got = get('/badge/dead');
        $shown = $start if $got->{status} == 200;
    } while ($got->{status} == 200 && time < $gone + 30);

    cmp_ok($shown, '<=', $gone + $BOUND + $ON_THE_WAY, 'what was kept is shown no longer than ever');
    is_got($got, 502, 'EXPIRED', 'then that is told');
    is($got->{control}, 'no-store', 'and not kept');
    unlike($got->{body}, qr/active|Jane/, 'nor anything else');

    sleep 1.2;
    is_got(get('/badge/dead'), 502, 'EXPIRED', 'nor does it come back');
    is_got(get('/badge/gone'), 502, 'MISS', 'what was never asked for');
};

is($edge->stop, 0, 'the edge ends well');
unlike($_->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing went wrong') for $edge, $origin;

for my $nginx ($edge, $origin) {
    my $logs = join '', map { $nginx->slurp($_) } glob "$nginx->{prefix}/var/*.log";
    like($logs, qr/ 200 /, 'what is logged');
    unlike($logs, qr/@{[join '|', $key, values %token]}/, 'has no link and no key in it');
}

done_testing;
