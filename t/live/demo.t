# make demo: what it prints works as printed, and Ctrl-C leaves nothing.

use strict;
use warnings;

use lib 't/lib';
use LiveCommand;
use Test::More;
use Time::HiRes qw(sleep time);

my $prefix = prefix();
my $port = free_port();
my $other = free_port();
my $output = "$prefix/output";

delete @ENV{qw(MAKEFLAGS MAKELEVEL)};
$ENV{PORT} = $port;

sub start {
    unlink $output;
    my $pid = spawn($prefix, $output, 'conf-examples/demo');

    for (my $end = time + 60; time < $end; sleep 0.1) {
        last if slurp($output) =~ m{/health\n} || defined ended($pid, 0.01);
    }

    return $pid;
}

sub stop {
    my ($pid, $signal) = @_;

    kill $signal, -$pid;

    is(ended($pid, 20), 0, "$signal ends it well");
    ok(gone($pid), 'nothing is left running');
    ok(!answers($port), 'the port is free again');
}

# What it prints: "what URL" and "  command" lines

my $demo = start();
my $printed = slurp($output);
my @urls = $printed =~ m{^(?!  curl) +(?:\S.*?)? +(http://127\.0\.0\.1:$port/\S+)$}mg;
my @commands = $printed =~ m{^  (curl .+|build/.+)$}mg;

is(scalar @urls, 23, 'pages are printed') or diag $printed;
is(scalar @commands, 35, 'commands are printed') or diag $printed;

my %page = (
    'valid' => [200, qr{<h1[^>]*>Valid}, qr{Ana-Sofía Núñez Ångström}],
    'masked' => [200, qr{<h1[^>]*>Valid}, qr{AWS Cloud Practitioner}],
    'link expired' => [200, qr{<h1[^>]*>Not valid}, qr{Token expired}],
    'revoked' => [200, qr{<h1[^>]*>Not valid}, qr{Credential revoked}],
    'refunded' => [200, qr{<h1[^>]*>Not valid}, qr{Credential not active}],
    'expired' => [200, qr{<h1[^>]*>Not valid}, qr{Credential expired}],
    'pending' => [200, qr{<h1[^>]*>Not valid}, qr{Credential not active}],
    'unknown' => [404, qr{<h1[^>]*>Not valid}, qr{Token not found}],
    'other names' => [200, qr{<h1[^>]*>Valid}, qr{Keihanaikukauakahihuli}],
    'by code' => [200, qr{<h1[^>]*>Valid}, qr{Alice Liddell}],
    'certificate' => [200, qr{<h1[^>]*>Valid}, qr{Jane Smith}],
    'withdrawn' => [404, qr{<h1[^>]*>Not valid}, qr{Certificate not found}],
    'badge' => [200, qr{<h1[^>]*>Valid}, qr{Trust me — I’m real}],
    'claimed' => [200, qr{<h1[^>]*>Valid}, qr{Badge claimed}],
    'past' => [200, qr{<h1[^>]*>Not valid}, qr{Badge expired}],
);

for my $name (sort keys %page) {
    my ($url) = $printed =~ m{^  \Q$name\E +(\S+)$}m;
    my ($status, $header, $body) = fetch("curl '$url'");

    is($status, $page{$name}[0], "$name: status");
    like($header, qr{^Content-Type: text/html}mi, "$name: type");
    like($body, $page{$name}[1], "$name: answer");
    like($body, $page{$name}[2], "$name: words");
    unlike($body, qr{Ana-Sof}, "$name: not the holder") if $name ne 'valid';
}

for my $url (grep { m{/api/verify/.*[9ab]$} } @urls) {
    my ($status, undef, $body) = fetch("curl '$url'");

    is($status, 200, "$url: status");
    like($body, qr{<p class="name" dir="auto">[^<]+</p>}, "$url: a name");
}

# Badges, and a page that has many of them

{
    my ($all) = $printed =~ m{^  all of them +(\S+)$}m;
    my ($status, $header, $body) = fetch("curl '$all'");
    my @src = $body =~ /src="([^"]*)"/g;

    is($status, 200, "$all: status");
    like($header, qr{^Content-Type: text/html}mi, "$all: type");
    is(scalar @src, 14, "$all: badges");

    for my $url ((map { "http://127.0.0.1:$port$_" } @src),
                 $printed =~ m{^  (?:image|frame|card|picture) +(\S+)$}mg)
    {
        ($status, $header) = fetch("curl '" . $url =~ s/&amp;/&/gr . "'");
        my $type = $url =~ /=(svg|card)/ ? 'image/svg\+xml' : $url =~ /=png/ ? 'image/png' : 'text/html';

        is($status, 200, "$url: status");
        like($header, qr{^Content-Type: $type}mi, "$url: type");
    }
}

# Commands, in their order: one of them revokes

my @expect = (
    [200, qr{"valid":true.*Ana-Sofía}],
    [200, qr{"valid":true.*"holder":null}],
    [200, qr{Token expired\.}],
    [200, qr{Credential revoked\.}],
    [200, qr{Credential not active\.}],
    [200, qr{Credential expired\.}],
    [200, qr{Credential not active\.}],
    [404, qr{Token not found\.}],
    [200, qr{"status":"active","layers":\{"wallet":true,"passkey":true,}],
    [200, qr{"message":null,"display_name":null,"status":"expired",}],
    [200, qr{"valid":true,"status":"active".*"valid":false,"status":"expired".*"found":false}],
    [200, qr{"badges":\[\{"short_code":"DEMOcode",[^\]]*\],"next":null\}}],
    [200, qr{"reason":"valid".*Ana-Sofía}],
    [200, qr{"reason":"valid".*DEMOcode}],
    [200, qr{"reason":"valid".*SCH-DEMO-000123}],
    [200, qr{"reason":"valid".*Mentoring programme}],
    [200, qr{^\{"certificateNumber":"SCH-DEMO-000123","userName":"Jane Smith",}],
    [200, qr{^\[\{"categoryId":"web",.*"certificateId":"demo-number",.*"isComplete":true\},\{"categoryId":"api",.*"isComplete":false\}\]$}],
    [200, qr{^\{"verified":true,"panel":"Full STI Panel",.*"issuer_type":"clinic","status":"current"\}$}],
    [200, qr{^\{"verified":false,"reason":"retest_due","retest_by":"[-0-9]+"\}$}],
    [200, qr{"issuer_type":"home_kit","status":"current"\}$}],
    [200, qr{^\{"verified":true,"display_name":"Riley",}],
    [200, qr{"status":"active"}],
    [200, qr{^\{"key":"demo-tc","tier":"starter",.*"used":2,}],
    [401, qr{^\{"error":"missing_api_key","message":"[^"]+","docs":"https:[^"]+","apply":"https:[^"]+"\}$}],
    'suspend',
    [403, qr{^\{"error":"key_suspended",}],
    [201, qr{"groupId":"demo-mentor","status":"draft","recipient":\{"id":"[0-9a-z]{26}","name":"Ada Byron",}],
    [200, qr{^\{"id":"demo-draft",.*"status":"issued"}],
    [200, qr{^\{"data":\[\{[^]]*"status":"draft",[^]]*"Ada Byron"[^]]*"id":"demo-draft",[^]]*"status":"issued"[^]]*\],"pagination":}],
    [200, qr{"reason":"valid".*"id":"demo-draft","status":"issued"}],
    'revoke',
    [200, qr{Credential revoked\.}],
    'token',
    [200, qr{"status":"ok"}],
);

for my $command (@commands) {
    my $expect = shift @expect;

    if (ref $expect) {
        my ($status, $header, $body) = fetch($command);

        is($status, $expect->[0], "$command: status");
        like($header, qr{^Content-Type: application/\S*json}mi,
             "$command: type");
        like($body, $expect->[1], "$command: body");
        next;
    }

    my $said = `cd $prefix && $command 2>&1`;
    is($?, 0, $command) or diag $said;

    if ($expect eq 'token') {
        my ($token) = $said =~ m{\b([0-9a-f]{64})\b};
        my ($status, undef, $body) =
            fetch("curl 'http://127.0.0.1:$port/api/verify/?token="
                  . ($token // '') . "'");

        is($status, 200, 'the new token is good');
        like($body, qr{AWS Cloud Practitioner}, 'the new token: class');
        unlike($body, qr{ليلى}, 'the new token: no name');
    }
}

my ($status, undef, $body) = fetch("curl http://127.0.0.1:$port/");
is($status, 200, 'the index');
like($body, qr{^\Q$_\E}m, "the index lists $_")
    for qw(/api/verify/ /verify/ /verify?code= /api/v1/badge/ /health /api/v1/verify
           /api/v1/usage /api/v1/badge/verify /api/v1/wallet/ /api/public/v1/certificates/users/);

my ($secret) = $printed =~ m{tc_live_([A-Za-z0-9]{32})'};

unlike(slurp("$prefix/var/access.log"), qr{[0-9a-f]{64}}, 'no token is logged');
unlike(slurp("$prefix/var/access.log"), qr{$secret}, 'no key is logged');
like(slurp("$prefix/var/access.log"), qr{ key_suspended - demo-tc$}m, 'whose it is is logged');
is(system("grep -rqF $secret $prefix/var"), 1 << 8, 'nor is one in any file');
like(slurp("$prefix/var/access.log"), qr{token_expired}, 'reasons are logged');
is(slurp("$prefix/var/error.log"), '', 'nothing else is logged');

# In the way

my $second = spawn($prefix, "$prefix/second", 'conf-examples/demo');
is(ended($second, 20), 1 << 8, 'a port in use is refused');
like(slurp("$prefix/second"), qr{\Ademo: [^\n]*\b$port\b[^\n]*\n\z},
     'one line says so');

stop($demo, 'INT');

# Again: what was revoked is back

$demo = start();
(undef, undef, $body) = fetch($commands[0]);
like($body, qr{"valid":true}, 'the next start brings credentials back');

my ($again) = slurp($output) =~ m{^  (curl .*tc_live_.*/api/v1/verify\?.*)$}m;
unlike($again, qr{$secret}, 'its keys are others');
is((fetch($again))[0], 200, 'and good');
is((fetch($commands[18]))[0], 401, 'those before are not');
stop($demo, 'TERM');

# Only the script gets the signal, as with "kill"; and it was started in the
# background, where SIGINT is ignored

$ENV{PORT} = $port = $other;
$SIG{INT} = 'IGNORE';
$demo = start();
$SIG{INT} = 'DEFAULT';
ok(answers($port), 'another port');
kill 'INT', $demo;
is(ended($demo, 20), 0, 'SIGINT to the script alone ends it well');
ok(gone($demo), 'and nothing is left running');

# The other examples, with the same store

my $token = 'de30' . '0' x 59 . '1';

my %other = (minimal => ["/verify?token=$token",
                         qr{"reason":"valid".*Ana-Sofía}],
             truecert => ["/api/verify/?format=json&token=$token",
                          qr{"valid":true.*Ana-Sofía}],
             securecodinghub => ['/verify/SCH-DEMO-000123',
                                 qr{<h1[^>]*>Valid.*Jane Smith}s],
             validtrust => ['/api/v1/badge/DEMOcode',
                            qr{"display_name":"Alice","status":"active"}, 'vt_live'],
             testedclear => ['/api/v1/verify?token=de30' . '0' x 59 . 'c',
                             qr{"panel":"Full STI Panel",.*"status":"current"}, 'tc_live']);

my ($last) = slurp($output) =~ m{tc_live_([A-Za-z0-9]{32})'};

for my $name (sort keys %other) {
    my ($path, $words, $brand) = @{ $other{$name} };
    my $key = $brand ? "-H 'X-API-Key: ${brand}_$last'" : '';
    my $conf = slurp("$prefix/conf-examples/$name.conf");

    ok($name ne 'minimal' || (() = $conf =~ /^.*\S/mg) <= 10, 'ten lines');

    $conf =~ s/:8080;/:$port;/ or die $name;
    open my $out, '>', "$prefix/$name.conf" or die "$name.conf: $!";
    print $out $conf;
    close $out or die "$name.conf: $!";

    my $pid = spawn($prefix, "$prefix/$name", 'nginx', '-p', '.', '-c',
                    "$name.conf", '-e', 'var/error.log', '-g', 'daemon off;');

    for (1 .. 100) {
        last if answers($port) || defined ended($pid, 0.1);
    }

    ($status, undef, $body) = fetch("curl $key 'http://127.0.0.1:$port$path'");
    is($status, 200, "$name.conf: status");
    like($body, $words, "$name.conf: body");

    if ($name eq 'securecodinghub') {
        my $api = "http://127.0.0.1:$port/api/public/v1/certificates";

        ($status, undef, $body) = fetch("curl -H 'X-API-Key: scs_live_$last' $api/users/demo-jane");
        is($status, 200, "$name.conf: a user's progress");
        like($body, qr{^\[\{"categoryId":"web",}, "$name.conf: which is a list");
        is((fetch("curl $api/verify/SCH-DEMO-000123"))[0], 401, "$name.conf: none without a key");
    }

    kill 'TERM', $pid;
    is(ended($pid, 20), 0, "$name.conf: ends");
}

# What cannot work

for my $wrong ('0', '65536', 'http', '-1') {
    $ENV{PORT} = $wrong;
    my $pid = spawn($prefix, "$prefix/wrong", 'conf-examples/demo');
    is(ended($pid, 20), 1 << 8, "port $wrong is refused");
    like(slurp("$prefix/wrong"), qr{\Ademo: [^\n]+\n\z}, 'in one line');
}

$ENV{PORT} = $port;
unlink "$prefix/build/credverify";
my $pid = spawn($prefix, "$prefix/missing", 'conf-examples/demo');
is(ended($pid, 20), 1 << 8, 'a missing build is refused');
like(slurp("$prefix/missing"), qr{\Ademo: [^\n]*build/credverify[^\n]*\n\z},
     'in one line');

done_testing();
