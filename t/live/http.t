# HTTP manners that need more than one request, another protocol, or another
# kind of process: validators, HTTP/2, subrequests, a process without master.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Time::HiRes qw(sleep);
use Credverify;
use LiveCommand qw(free_port);
use LiveNginx;

my $store = Credverify::store();
my $valid = Credverify::token('valid');
my $h2 = free_port();

my $server = "credverify_store $store;
    location = /v { credverify_format \$arg_format json html; credverify_verify token=\$arg_token code=\$arg_code; }
    location = /named { error_page 404 = \@other; return 404; }
    location \@other { credverify_format \$arg_format json; credverify_verify token=\$arg_token; }
    location = /ssi { ssi on; ssi_types *; default_type text/html; alias NOWHERE/ssi.html; }
    location = /health { credverify_health; }";

my $folder = Credverify::folder();
open my $page, '>', "$folder/ssi.html" or die $!;
print $page qq(<p><!--# include virtual="/v?token=$valid&format=json" --></p>);
close $page or die $!;
chmod 0644, "$folder/ssi.html";
$server =~ s/NOWHERE/$folder/;

# HTTP/2 over TLS, as browsers speak it

system("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 1"
       . " -keyout $folder/key.pem -out $folder/cert.pem 2>/dev/null") == 0
    or $h2 = 0;

my $listen = $h2 ? "listen 127.0.0.1:$h2 ssl http2;
    ssl_certificate $folder/cert.pem; ssl_certificate_key $folder/key.pem;" : '';

my $nginx = LiveNginx->start(server => "$listen\n$server");

subtest 'validators' => sub {
    my ($status, $body, $head) = $nginx->get("/v?token=$valid");
    my ($etag) = $head =~ /^ETag: (\S+)\r/m;

    like($etag, qr{^W/"[0-9a-f]{16}"$}, 'weak, since the body shows the moment');
    sleep 1.1;

    my ($again, $later, $other) = $nginx->get('/v?code=C-valid');
    isnt($later, $body, 'a second later the body is another');

    ($status, $later, $other) = $nginx->get("/v?token=$valid");
    like($other, qr/^ETag: \Q$etag\E\r/m, 'but the etag is the same');

    ($status, $body, $head) = $nginx->get("/v?token=$valid", headers => ["If-None-Match: $etag"]);
    is($status, 304, 'not modified');
    is($body, '', 'without a body');
    like($head, qr/^Cache-Control: public, max-age=3, stale-while-revalidate=1, stale-if-error=0\r/m, 'may be kept on');
    unlike($head, qr/^Content-Length/mi, 'and of no length');

    is($nginx->status("/v?token=$valid", headers => ['If-None-Match: "0", W/"1"']), 200, 'modified');
    is($nginx->status("/v?token=$valid", headers => ['If-None-Match: *']), 304, 'whatever it is');
    is($nginx->status("/v?token=$valid", method => 'HEAD', headers => ["If-None-Match: $etag"]), 304, 'HEAD too');
    is($nginx->status("/v?token=$valid", headers => ['If-Modified-Since: Wed, 18 Nov 2099 00:00:00 GMT']), 200, 'dates decide nothing');
    is($nginx->status('/v?token=x', headers => ['If-None-Match: *']), 404, 'nor can what is not there be unmodified');

    ok(Credverify::run($store, undef, qw(credential revoke valid)), 'revoke');
    is($nginx->status("/v?token=$valid", headers => ["If-None-Match: $etag"]), 200, 'modified at once');
    ok(Credverify::run($store, join("\n", Credverify::lines(), ''), 'import', '-'), 'as it was');
};

subtest 'ranges are not served' => sub {
    my ($status, $body) = $nginx->get("/v?token=$valid", headers => ['Range: bytes=0-3']);
    is($status, 200, 'the whole answer');
    like($body, qr/^\{"valid":true.*\}$/, 'which is whole');
};

subtest 'HTTP/2' => sub {
    plan skip_all => 'needs openssl, and a curl that speaks HTTP/2'
        unless $h2 && qx(curl --version) =~ /\bHTTP2\b/;

    my $curl = "curl -sk --http2 --max-time 30 -w '\n%{http_version} %{http_code}\n'";
    my $url = "https://127.0.0.1:$h2/v?token=$valid";

    like(qx($curl '$url'), qr/^\{"valid":true.*\n2 200$/s, 'GET');
    like(qx($curl -I '$url'), qr{^HTTP/2 200.*etag: W/"[0-9a-f]+".*\n2 200$}si, 'HEAD');
    like(qx($curl -d body '$url'), qr/"code":"method_not_allowed".*\n2 405$/s, 'POST');

    my $many = join ' ', map { "'$url&n=$_'" } 1 .. 50;
    my $answers = qx($curl --parallel $many 2>/dev/null);
    my @valid = $answers =~ /"reason":"valid"/g;
    is(scalar @valid, 50, 'fifty at once on one connection');
};

subtest 'not only as the request that came' => sub {
    my ($status, $body) = $nginx->get('/ssi');
    is($status, 200, 'as a subrequest');
    like($body, qr{<p>\r\n[0-9a-f]+\r\n\{"valid":true.*\}\r\n[0-9a-f]+\r\n</p>}, 'whose answer is included whole');

    ($status, $body) = $nginx->get("/named?token=$valid");
    is($status, 200, 'in a named location');
    like($body, qr/^\{"valid":true/, 'with the arguments of the request');
};

subtest 'bodies of requests are not waited for' => sub {
    my $socket = $nginx->connect;
    my $big = 'x' x 300_000;

    print $socket "GET /v?token=$valid HTTP/1.1\r\nHost: t\r\nContent-Length: 300000\r\n\r\n$big"
        . "GET /v?code=C-valid HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";

    local $/;
    my $answers = <$socket>;
    my @ok = $answers =~ m{HTTP/1\.1 200}g;
    is(scalar @ok, 2, 'a body with GET is discarded, and the next request answered');
};

is($nginx->stop, 0, 'nginx ends well');
unlike($nginx->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');
unlike($nginx->errors, qr/$valid/, 'no token either');

subtest 'a process without a master' => sub {
    my $single = LiveNginx->start(main => 'master_process off;', workers => 1, server => $server);

    is($single->status("/v?token=$valid"), 200, 'serves');
    is($single->stop, 0, 'ends well');
    unlike($single->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');
};

done_testing;
