# conf-examples/gateway.conf: keys, scopes and quotas in front of an API that
# knows nothing of them.

use strict;
use warnings;

use lib 't/lib';
use Cwd qw(getcwd);
use JSON::PP;
use Test::More;
use LiveNginx;

my $root = getcwd();
my %key = map { $_ => "shop_live_$_" . 'x' x (40 - length $_) } qw(reader writer both few report);

my $api = LiveNginx->start(server => '
    location / { return 200 "$request_uri $http_x_key_id,$http_authorization,$http_x_api_key\n"; }
    location /v1/broken { return 500; }
    location /v1/none { return 404 "no such order\n"; }');

# The example as it is, but for ports

my $prefix = Credverify::folder();
mkdir "$prefix/var" or die $!;
symlink "$root/$_", "$prefix/$_" or die "$_: $!" for qw(build conf-examples);

Credverify::run("$prefix/var/store", undef, 'init', '--map-size', '64M') or die 'no store';
Credverify::run("$prefix/var/store", join("\n",
    '{"kind":"tier","id":"free"}',
    '{"kind":"tier","id":"few","limits":{"hour":100,"month":2}}',
    (map { qq({"kind":"key","id":"$_->[0]","key":"$key{$_->[0]}","tier":"$_->[1]","scopes":$_->[2]}) }
        ['reader', 'free', '["orders:read"]'], ['writer', 'free', '["orders:write"]'],
        ['both', 'free', '["orders:read","orders:write"]'], ['few', 'few', '["orders:read"]'],
        ['report', 'few', '["orders:read"]']), ''), 'import', '-') or die 'no import';

open my $in, '<', 'conf-examples/gateway.conf' or die $!;
my $conf = join '', <$in>;
$conf =~ s/127\.0\.0\.1:8080/127.0.0.1:\@PORT\@/ or die 'no port';
$conf =~ s/127\.0\.0\.1:9000/127.0.0.1:$api->{port}/ or die 'no upstream';

my $nginx = LiveNginx->start(conf => $conf, prefix => $prefix, log => 'var/error.log');

sub call {
    my ($key, $path, @more) = @_;
    return $nginx->get($path, headers => [($key ? "Authorization: Bearer $key{$key}" : ()), @more]);
}

my ($status, $body, $head) = call('reader', '/v1/orders?limit=3');
is($status, 200, 'a call');
is($body, "/v1/orders?limit=3 reader,,\n", 'comes through with the id of its key, and without the key');
unlike($head, qr/^RateLimit/mi, 'a tier without limits has none to tell');

($status, $body) = call('', '/v1/orders', "X-API-Key: $key{reader}", 'X-Key-Id: both');
is($body, "/v1/orders reader,,\n", 'whatever else a client says, and however it shows the key');

my ($refused, $problem, $fields) = call('', '/v1/orders', 'X-Key-Id: reader');
is($refused, 401, 'no key');
like($fields, qr{^Content-Type: application/problem\+json\r}mi, 'a problem');
is($problem, '{"type":"about:blank","title":"API key missing","status":401,"detail":"Send an API key with the request.",'
    . '"code":"missing_api_key","docs":"https://api.example/docs","apply":"https://api.example/keys"}', 'which says what to do');

for (['reader', '/v1/admin/prices', 403, 'orders:write', 'orders:read'], ['writer', '/v1/orders', 403, 'orders:read', 'orders:write']) {
    my ($key, $path, $wanted, $required, $present) = @$_;
    ($status, $body) = call($key, $path);
    is($status, $wanted, "$key may not call $path");
    my $said = decode_json($body);
    is_deeply([@$said{qw(code required present)}], ['insufficient_scope', $required, [$present]], 'and is told why');
}

is((call('both', $_))[1], "$_ both,,\n", "both may call $_") for qw(/v1/orders /v1/admin/prices);

# What fails is not billed

is((call('few', '/v1/broken'))[0], 500, "the API's own errors come through");
is((call('few', '/v1/none'))[1], "no such order\n", 'with what they say') for 1 .. 3;

($status, $body, $head) = call('few', '/v1/orders');
is($status, 200, 'they count nothing in the month');
like($head, qr/^RateLimit-Policy: "hour";q=100;w=3600, "month";q=2;w=\d+\r/mi, 'limits are told on what the API answers');
like($head, qr/^RateLimit: "hour";r=95;t=\d+, "month";r=1;t=\d+\r/mi, 'and what is left');

is((call('few', '/v1/orders'))[0], 200, 'the last call of the month');
($status, $body, $head) = call('few', '/v1/orders');
is($status, 429, 'one more');
like($head, qr/^Retry-After: \d+\r/mi, 'when to come back');
my $said = decode_json($body);
is_deeply([@$said{qw(code window limit)}], ['monthly_limit_reached', 'month', 2], 'why');

is((call('report', '/v1/reports/1'))[0], 200, 'limits on trial refuse nothing') for 1 .. 4;

($status, $body) = call('few', '/v1/usage');
$said = decode_json($body);
is_deeply([@$said{qw(key tier used included)}], ['few', 'few', 2, 2], 'what is used, asked beyond the limit');

is($nginx->status('/health'), 200, 'health needs no key');
is($nginx->status('/else'), 404, 'nor does what is not there');

is($nginx->stop, 0, 'nginx ends well');
is($api->stop, 0, 'and so does the API');

my $errors = $nginx->errors;
unlike($errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing went wrong');

my $log = $nginx->slurp("$prefix/var/access.log");
like($log, qr{"GET /v1/orders\?limit=3 HTTP/1\.1" 200 reader free - - 200 }, 'who called is logged');
like($log, qr{"GET /v1/orders HTTP/1\.1" 401 - - - missing_api_key - }, 'or why nobody did');
like($log, qr{"GET /v1/orders HTTP/1\.1" 429 few few 0 monthly_limit_reached - }, 'or could');
unlike("$log$errors", qr/@{[ join '|', values %key ]}/, 'no key is');

done_testing;
