# Purging: what an edge of conf-examples/edge.conf has kept for an hour is shown as it
# is by now once "credverify deliver" has told it to forget, and nothing else is
# forgotten.

use strict;
use warnings;

use lib 't/lib';
use Digest::SHA qw(sha256_hex);
use File::Find qw(find);
use IO::Socket::INET;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);
use Credverify;
use EdgeTiers;
use LiveCommand qw(spawn ended slurp);

EdgeTiers::purges() or plan skip_all => "an nginx of one's own does not take Debian's module for purging";

# What deliver waits before it tries again, by its schedule, and some more.

my $AGAIN = 20;

my $VALID = qr/"valid":true|"status":"active"|data-reason="valid"/;

my $store = Credverify::folder() . '/store';
my %token = map { $_ => sha256_hex("purge $_") } qw(page masked other off late private);

sub credverify {
    Credverify::run($store, undef, @_) or die "not done: @_";
}

sub told {
    my $text = `$Credverify::tool --store $store @_ 2>&1`;
    die "not done: @_: $text" if $?;
    return $text;
}

sub credential {
    my ($id, $class, $handles) = @_;
    return qq({"kind":"credential","id":"$id","class":"of-$class","holder":"h","status":"issued",$handles});
}

sub link_to {
    my ($name, $credential, $privacy) = @_;
    return qq({"kind":"token","token":"$token{$name}","credential":"$credential","privacy":"$privacy"});
}

credverify('init', '--map-size', '64M');
Credverify::run($store, join('', map { "$_\n" } (
    map({ (qq({"kind":"issuer","id":"$_","name":"$_"}),
           qq({"kind":"class","id":"of-$_","issuer":"$_","title":"Of $_"})) } qw(truecert validtrust)),
    '{"kind":"holder","id":"h","name":"Jane Smith"}',
    credential('page', 'truecert', '"number":"P 1/\u00e4","code":"page"'),
    credential('other', 'truecert', '"number":"P 2"'),
    credential('late', 'truecert', '"number":"P 3"'),
    credential('badge', 'validtrust', '"code":"B%1"'),
    credential('kept', 'validtrust', '"code":"B%2"'),
    link_to('page', 'page', 'full'), link_to('masked', 'page', 'masked'), link_to('off', 'other', 'full'),
    link_to('other', 'other', 'full'), link_to('late', 'late', 'full'))), 'import', '-') or die 'no import';

# The edge keeps for an hour, and takes numbers, too.

my ($edge, $origin) = EdgeTiers::start($store, age => '1h', edge_has => <<'EOF_EDGE', origin_has => <<'EOF_ORIGIN');
        location = /verify {
            credverify_cache_key number=$arg_number;
            set $args number=$arg_number&format=$arg_format&theme=$arg_theme;
            proxy_pass http://origin;
        }

EOF_EDGE
        location = /verify {
            credverify_issuers truecert;
            credverify_verify number=$arg_number;
            credverify_format $arg_format html json svg badge;
        }

        location /gone/ { return 412; }
        location /broken/ { return 500; }

EOF_ORIGIN

my $template = EdgeTiers::template($edge->{purge});

# What is asked for, by whose it is. Of each, everything that browsers and programs ask for.

my %path = (
    page => ["/api/verify/?token=$token{page}", "/api/verify/?token=\U$token{masked}\E", '/verify?number=P+1%2f%c3%a4'],
    other => ["/api/verify/?token=$token{other}", '/verify?number=P%202'],
    off => ["/api/verify/?token=$token{off}"],
    late => ["/api/verify/?token=$token{late}", '/verify?number=P+3'],
    badge => ['/badge/B%251?x'],
    kept => ['/badge/%42%252?x'],
);

my @accept = (
    undef, '*/*', 'application/json', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8', 'text/html;q=0.1, application/json', 'text/html', '"?',
);

sub asked_for {
    my $whose = shift;
    my @asked;

    for my $path (@{$path{$whose}}) {
        for my $format (undef, '', 'html', 'json', 'svg', 'badge', 'JSON', 'accept=', 'other') {
            for my $theme (undef, '', 'auto', 'light', 'dark', 'sepia', 'Dark', 'other') {
                my $url = $path . (defined $format ? "&format=$format" : '') . (defined $theme ? "&theme=$theme" : '');
                push @asked, [$url, $_] for $format ? undef : @accept;
            }
        }
    }

    return @asked;
}

sub get {
    my ($path, $accept, %is) = @_;
    my ($status, $body, $head) = $edge->get($path, %is, headers => [defined $accept ? "Accept: $accept" : ()]);
    return { status => $status, body => $body // '', cache => $head =~ /^X-Cache: (.*)\r$/m ? $1 : '' };
}

# How often each of X-Cache came, and whether what came was valid; of what is
# answered by a verdict.

sub look {
    my $whose = shift;
    my %seen;

    for (asked_for($whose)) {
        my $got = get(@$_);
        next if $got->{status} == 400;
        $seen{"$got->{cache} " . ($got->{body} =~ $VALID ? 'valid' : 'not valid')}++;
    }

    return \%seen;
}

# Only what is never kept is not a hit; it shows what has changed before.

sub is_kept {
    my ($whose, $name) = @_;
    my $seen = look($whose);
    cmp_ok($seen->{'HIT valid'} // 0, '>', 40, $name);
    is_deeply([grep { !/^BYPASS/ } keys %$seen], ['HIT valid'], "all of it: $whose");
}

sub is_gone {
    my ($whose, $name) = @_;
    my $seen = look($whose);
    my @wrong = grep { / valid/ && !/not valid/ || /HIT/ && !/HIT not/ } keys %$seen;
    ok(scalar(keys %$seen), "$whose is asked for");
    is_deeply(\@wrong, [], $name);
}

sub files {
    my $n = 0;
    find({ no_chdir => 1, wanted => sub { $n++ if -f } }, "$edge->{prefix}/var/edge");
    return $n;
}

# A request where purges are taken

sub purge {
    local $edge->{port} = $edge->{purge};
    return $edge->status(@_);
}

sub deliver {
    return told('deliver', '--once');
}

# the same if not all of it gets there

sub deliver_some {
    my $text = `$Credverify::tool --store $store deliver --once 2>&1`;
    is($? >> 8, 1, 'not all is delivered');
    return $text;
}

# The webhook, as README.md has it

for (['http://127.0.0.1:1/', 'needs a "{key}"'], ['http://127.0.0.1:1/{key}{x}', 'are for "{key}"']) {
    my ($url, $why) = @$_;
    my $said = `$Credverify::tool --store $store webhook add wrong --type purge --url '$url' 2>&1`;
    is($? >> 8, 2, 'what is no template is refused');
    like($said, qr/^credverify: .*\Q$why\E/, 'and why');
}

credverify('webhook', 'add', 'edge', '--type', 'purge', '--private', '--url', $template);

subtest 'who may purge' => sub {
    my $key = 'code-' . sha256_hex('B%2');
    my ($path) = "/$key?accept=&theme=";

    get('/badge/B%252') for 1 .. 2;
    is(get('/badge/B%252')->{cache}, 'HIT', 'kept');

    is(purge($path), 405, 'nobody by GET');
    is(purge($path, method => 'POST'), 405, 'nor by POST');
    is(purge("/x$path", method => 'PURGE'), 403, 'nothing else is there');

    my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$edge->{purge}", LocalAddr => '127.0.0.2') or die $!;
    print $socket "PURGE $path HTTP/1.0\r\n\r\n";
    like(scalar <$socket>, qr{^HTTP/1\.1 403 }, 'nor anybody from elsewhere');

    my ($status) = $edge->get($path, method => 'PURGE');
    cmp_ok($status, '>=', 400, 'nor where the edge is asked');
    ($status) = $edge->get('/badge/B%252', method => 'PURGE');
    is($status, 405, 'whatever for');

    is(get('/badge/B%252')->{cache}, 'HIT', 'kept still');
    is(purge($path, method => 'PURGE'), 200, 'who may, purges');
    is(purge($path, method => 'PURGE'), 404, 'once');
    is(get('/badge/B%252')->{cache}, 'MISS', 'and it is fetched again');
};

look($_) for sort keys %path;
is_kept($_, 'kept') for sort keys %path;

# Eight ways to ask by format or Accept, of which badges have six, in three themes

my $kept = files();
is($kept, 8 * 8 * 3 + 2 * 6 * 3, 'nothing is kept that nobody would purge');

subtest 'what is revoked' => sub {
    credverify('credential', 'revoke', 'page');
    is_kept('page', 'is shown as before, as nobody was told');

    deliver();
    my $left = files();

    # three handles of the page, and of a page's answers all that are kept

    is($kept - $left, 3 * 24, 'all that was kept of it is gone from the disk');
    is_gone('page', 'and shown so at once');
    is_kept($_, 'nothing else is forgotten') for qw(other off late badge kept);

    credverify('credential', 'revoke', 'badge');
    deliver();
    is_gone('badge', 'a badge by its code');
    is_kept($_, 'nothing else is forgotten') for qw(other off late kept);
};

subtest 'a link that is revoked' => sub {
    credverify('token', 'revoke', 'other', substr sha256_hex($token{off}), 0, 12);
    deliver();

    my $got = get("/api/verify/?token=$token{off}&format=json");
    is("$got->{status} $got->{cache}", '404 MISS', 'is not found at once');
    is_kept('other', 'the other link is');
};

# Caches that say something else of what they do not have, or fail

subtest 'what a cache answers' => sub {
    credverify('webhook', 'add', $_, '--type', 'purge', '--private', '--url', "http://127.0.0.1:$origin->{port}/$_/{key}?{a,b}")
        for qw(gone broken);
    credverify('webhook', 'test', $_) for qw(edge gone broken);
    like(deliver_some(), qr/webhook broken, .*: answered 500; attempt 1,/, 'which one fails is said');

    like(told('webhook', 'show', $_), qr/waiting\s+0\b/, "$_ is done with") for qw(edge gone);
    like(told('webhook', 'show', 'broken'), qr/waiting\s+1\b/, 'what failed is tried again');

    credverify('webhook', 'remove', $_) for qw(gone broken);
};

subtest 'a holder who is renamed' => sub {
    my $path = "/api/verify/?token=$token{other}&format=html";
    like(get($path)->{body}, qr/Jane Smith/, 'was shown');

    credverify('holder', 'set', 'h', '--name', 'Joan');
    like(get($path)->{body}, qr/Jane Smith/, 'is shown as before, as nobody was told');

    deliver();
    my $got = get($path);
    is($got->{cache}, 'MISS', 'is told of');
    like($got->{body}, qr/Joan/, 'is shown');
    unlike($got->{body}, qr/Jane Smith/, 'by the new name alone');
    is(get('/badge/B%252')->{cache}, 'MISS', 'and on each credential');

    look($_) for qw(other late kept);
    is_kept($_, 'kept again') for qw(other late kept);
};

subtest 'an edge that is down' => sub {
    is($edge->stop, 0, 'it ends');
    credverify('credential', 'revoke', 'late');
    deliver_some();

    my $waiting = told('webhook', 'show', 'edge');
    like($waiting, qr/waiting\s+1\b/, 'what it is to be told waits');

    $edge->run;
    is(get("/api/verify/?token=$token{late}")->{cache}, 'HIT', 'it has what it had');

    my $pid = spawn('.', "$edge->{prefix}/deliver.log", $Credverify::tool, '--store', $store, 'deliver');
    my $end = time + $AGAIN;
    my $got;

    do {
        sleep 0.2;
        $got = get("/api/verify/?token=$token{late}");
    } while ($got->{cache} eq 'HIT' && time < $end);

    is($got->{cache}, 'MISS', 'it is told later');
    unlike($got->{body}, $VALID, 'and shows it');
    is_gone('late', 'all of it');
    is_kept($_, 'nothing else is forgotten') for qw(other kept);

    credverify('credential', 'revoke', 'kept');
    $end = time + $AGAIN;
    sleep 0.05 while get('/badge/B%252')->{cache} eq 'HIT' && time < $end;
    is_gone('kept', 'who waits for it is told by itself');

    kill 'TERM', $pid;
    is(ended($pid, 10), 0, 'deliver ends');
    my $log = slurp("$edge->{prefix}/deliver.log");
    unlike($log, qr/@{[join '|', values %token]}/i, 'its log has no link in it');
};

is($edge->stop, 0, 'the edge ends well');
is($origin->stop, 0, 'and the origin');
unlike($_->errors, qr/\[(error|alert|crit|emerg)\](?!.* access forbidden by rule, client: 127\.0\.0\.2,)/, 'nothing went wrong')
    for $edge, $origin;

done_testing;
