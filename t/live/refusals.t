# What is refused for the sake of a key or a quota, in the words of every view,
# as JSON and as a page; and that no key is logged.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use Digest::MD5 qw(md5_hex);
use Encode qw(decode_utf8);
use Test::More;
use Credverify;
use LiveNginx;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

my @views = qw(native truecert securecodinghub testedclear badge validtrust);
my %pages = map { $_ => 1 } qw(native truecert securecodinghub validtrust);
my $apply = 'https://acme.example/apply?a=1&b="2"';
(my $apply_json = $apply) =~ s/"/\\"/g;

# Keys are called after what is wrong with them; those that run out of calls are
# for one view each.

my @lines = (Credverify::lines(),
    '{"kind":"tier","id":"free"}',
    '{"kind":"tier","id":"minute","limits":{"minute":1}}',
    '{"kind":"tier","id":"hour","limits":{"minute":5,"hour":1}}',
    '{"kind":"tier","id":"month","limits":{"month":1}}');
my %key;

sub key {
    my ($id, $class, %is) = @_;
    my $tier = delete $is{tier} // 'free';
    my $scopes = delete $is{scopes} // '["read"]';
    my $origins = delete $is{origins} // 'null';
    my $secret = md5_hex($id) . 'k' x 8;
    my $rest = join '', map { qq(,"$_":"$is{$_}") } sort keys %is;

    $key{$id} = "pk_${class}_$secret";
    push @lines, qq({"kind":"key","id":"$id","key":"$key{$id}","tier":"$tier","scopes":$scopes,"origins":$origins$rest});
}

key('good', 'live');
key('pending', 'live', status => 'pending');
key('rejected', 'live', status => 'rejected');
key('suspended', 'live', status => 'suspended');
key('revoked', 'live', status => 'revoked');
key('expired', 'live', expires_at => Credverify::date(-1));
key('unscoped', 'live', scopes => '["other","\\"more\\""]');
key('bound', 'badge', origins => '["https://shop.example"]');
key($_, 'live', tier => /([a-z]+)$/) for map { ("$_ minute", "$_ hour", "$_ month") } @views, map { "$_ page" } @views;

my $store = Credverify::store(@lines);
my $token = Credverify::token('valid');

my $server = "credverify_store $store;
    credverify_key pk;
    credverify_scope read;
    credverify_limit_headers legacy;
    credverify_link docs https://acme.example/docs;
    credverify_link apply '$apply';
    credverify_link badge 'https://acme.example/badge?token=\$arg_token';\n";

for my $view (@views) {
    my $is = $view eq 'badge' ? 'testedclear badge' : $view;
    my $formats = $pages{$view} ? 'json html' : 'json';

    $server .= "location = /$view {
            credverify_view $is;
            credverify_format \$arg_format $formats;
            credverify_verify token=\$arg_token;
        }
        location = /$view/feature {
            credverify_view $is;
            credverify_format \$arg_format $formats;
            credverify_feature search;
            credverify_verify token=\$arg_token;
        }
        location = /$view/guess {
            credverify_view $is;
            credverify_format \$arg_format $formats;
            credverify_guesses 1;
            credverify_verify code=none;
        }
        location = /$view/embed {
            credverify_view $is;
            credverify_format \$arg_format $formats;
            credverify_key_class badge;
            credverify_key_argument key;
            credverify_verify token=\$arg_token;
        }\n";
}

my $nginx = LiveNginx->start(server => $server, level => 'info');

# The words of each view

my %words = (
    missing_api_key => [401, 'API key missing', 'Send an API key with the request.'],
    ambiguous_api_key => [400, 'Several API keys', 'Send one API key with the request.'],
    invalid_api_key => [401, 'API key invalid', 'The API key is not one that is good here.'],
    application_not_approved => [403, 'Application not approved', 'The application for this API key has not been approved.'],
    key_suspended => [403, 'API key suspended', 'The API key is suspended.'],
    origin_not_allowed => [403, 'Origin not allowed', 'The API key is not registered for the site that asks.'],
    insufficient_scope => [403, 'Scope missing', 'The API key lacks the scope that is needed here.'],
    payment_required => [402, 'Feature not included', 'The tier of the API key does not include this.'],
    rate_limited => [429, 'Too many requests', 'More requests came than are allowed.'],
    guesses => [429, 'Too many requests', 'Too many codes or numbers that do not exist were asked for from this address.'],
    monthly_limit_reached => [429, 'Monthly limit reached', 'All calls that the month includes have been made.'],
);

sub expected {
    my ($view, $code, $more) = @_;
    my ($status, $title, $detail) = @{$words{$code}};
    $code = 'rate_limited' if $code eq 'guesses';
    my $links = qq("docs":"https://acme.example/docs","apply":"$apply_json");

    return qq({"type":"about:blank","title":"$title","status":$status,"detail":"$detail","code":"$code",)
         . join('', map { "$_," } @$more) . "$links}"
        if $view eq 'native';

    return qq({"error":"$detail"}) if $view eq 'truecert';

    return qq({"error":"$code","message":"$detail",$links})
        if $view =~ /^(testedclear|badge)$/;

    if ($view eq 'securecodinghub') {
        my @more = $code eq 'insufficient_scope' ? @$more : ();
        $code = 'unauthorized' if $code =~ /^(missing|invalid)_api_key$/;
        $code = 'rate_limited' if $code eq 'monthly_limit_reached';
        push @more, qq("message":"$detail") if $status == 429;
        return '{' . join(',', qq("error":"$code"), @more) . '}';
    }

    return qq({"error":"$code","message":"$detail"}) if $code eq 'rate_limited';

    return qq({"error":"$code"});
}

my %challenge = (
    missing_api_key => 'Bearer',
    invalid_api_key => 'Bearer error="invalid_token"',
    insufficient_scope => 'Bearer error="insufficient_scope", scope="read"',
);

my $secrets = join '|', map { quotemeta substr $_, 8 } values %key;

sub refused {
    my ($name, $path, $code, %is) = @_;
    my ($view) = $path =~ m{^/(\w+)};

    for my $format ('json', $pages{$view} ? 'html' : ()) {
        next if $is{only} && $is{only} ne $format;

        my $headers = ref $is{headers} eq 'CODE' ? $is{headers}->($format) : $is{headers};
        my $mark = $path =~ /\?/ ? '&' : '?';
        my @request = ("$path${mark}token=$token&format=$format", headers => $headers);
        my ($status, $body, $head) = $nginx->get(@request);

        # the first call may have been in the minute before
        ($status, $body, $head) = $nginx->get(@request) if $status =~ /^(?:200|404)$/;

        subtest "$view, $format: $name" => sub {
            my ($wanted) = $words{$code}[0];

            is($status, $wanted, 'status');
            like($head, qr/^Cache-Control: no-store\r/mi, 'not kept');
            like($head, qr/^Access-Control-Allow-Origin: \*\r/mi, 'for scripts, too');
            unlike($head, qr/^ETag/mi, 'no validator');
            unlike("$head$body", qr/$secrets/, 'no key');

            if ($challenge{$code}) {
                like($head, qr/^WWW-Authenticate: \Q$challenge{$code}\E\r/mi, 'the challenge');
            } else {
                unlike($head, qr/^WWW-Authenticate/mi, 'no challenge');
            }

            my ($wait) = $head =~ /^Retry-After: (\d+)\r/mi;

            if ($wanted == 429) {
                ok($wait && $wait <= ($code eq 'guesses' ? 60 : $code eq 'rate_limited' ? 3600 : 31 * 86400),
                   'when to come back') or diag $head;

                if ($is{window}) {
                    like($head, qr/^X-RateLimit-Window: $is{window}\r/mi, 'which window is full');
                    like($head, qr/^X-RateLimit-Limit: 1\r/mi, 'what it holds');
                } else {
                    unlike($head, qr/^X-RateLimit-Window:/mi, 'no window of a quota is full');
                }
            } else {
                is($wait, undef, 'not when to come back');
            }

            if ($format eq 'json') {
                my @more = @{$is{more} || []};
                s/WAIT/$wait/ for @more;

                like($head, $view eq 'native' ? qr{^Content-Type: application/problem\+json\r}mi
                                              : qr{^Content-Type: application/json\r}mi, 'type');
                is(decode_utf8($body), expected($view, $code, \@more), 'body');
                return;
            }

            my (undef, $title, $detail) = @{$words{$code}};

            like($head, qr{^Content-Type: text/html}mi, 'type');
            like($head, qr/^Content-Security-Policy: default-src 'none';/mi, 'policy');
            like($body, qr{<h1 id="answer">\Q$title\E</h1>}, 'what it is');
            like($body, qr{<p>\Q$detail\E}, 'why');

            if ($wanted == 429) {
                like($body, qr{Try again after <time datetime="20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ">\d+ \w+ 20\d\d, \d\d:\d\d:\d\d UTC</time>\.</p>}, 'until when');
            } else {
                unlike($body, qr{Try again}, 'not until when');
            }
        };
    }
}

sub bearer {
    return headers => ["Authorization: Bearer $_[0]"];
}

for my $view (@views) {
    my $path = "/$view";

    is($nginx->status("$path?token=$token", bearer($key{good})), 200, "$view: a good key");

    refused('no key', $path, 'missing_api_key');
    refused('another scheme', $path, 'missing_api_key', headers => ['Authorization: Basic YTpi']);
    refused('two that differ', $path, 'ambiguous_api_key', headers => ["X-API-Key: $key{good}", "Authorization: Bearer $key{revoked}"]);
    refused($_, $path, 'invalid_api_key', bearer($key{$_})) for qw(revoked expired);
    refused('unknown', $path, 'invalid_api_key', bearer('pk_live_' . 'z' x 40));
    refused('of another brand', $path, 'invalid_api_key', bearer('xx_live_' . 'z' x 40));
    refused('of another class', $path, 'invalid_api_key', bearer($key{bound}));
    refused('of no form', $path, 'invalid_api_key', headers => ['X-API-Key: <b>"\\']);
    refused($_, $path, 'application_not_approved', bearer($key{$_})) for qw(pending rejected);
    refused('suspended', $path, 'key_suspended', bearer($key{suspended}));
    refused('without the scope', $path, 'insufficient_scope', bearer($key{unscoped}),
            more => ['"required":"read"', '"present":["other","\"more\""]']);
    refused('without the feature', "$path/feature", 'payment_required', bearer($key{good}),
            more => ['"required":"search"']);
    refused('from elsewhere', "$path/embed?key=$key{bound}", 'origin_not_allowed', only => 'html',
            headers => ['Origin: https://other.example']);
    refused('in the URL of JSON', "$path/embed?key=$key{bound}", 'missing_api_key', only => 'json');

    refused('who guesses', "$path/guess", 'guesses', more => ['"window":"guesses"', '"limit":1', '"retry_after":WAIT'],
            headers => sub { $nginx->get("$path/guess"); return ["Authorization: Bearer $key{good}"] });

    for (['minute', 'rate_limited', '"minute"', 'per_minute'], ['hour', 'rate_limited', '"hour"', 'per_hour'],
         ['month', 'monthly_limit_reached', '"month"', 'per_month'])
    {
        my ($tier, $code, $window, $legacy) = @$_;

        my $headers = sub {
            my $key = $_[0] eq 'json' ? $key{"$view $tier"} : $key{"$view page $tier"};
            $nginx->status("$path?token=$token", bearer($key)) == 200 or diag 'the first call is refused';
            return ["Authorization: Bearer $key"];
        };

        refused("over the limit of the $tier", $path, $code, headers => $headers, window => $legacy,
                more => ["\"window\":$window", '"limit":1', '"retry_after":WAIT']);
    }
}

# Where it is a page that shows a badge

my ($status, $body) = $nginx->get("/native/embed?token=$token&format=html&key=$key{bound}", headers => ['Referer: https://shop.example/a?b']);
is($status, 200, 'in the URL of a page, from where it may come');

($status, $body) = $nginx->get("/badge/embed?token=$token", headers => ["X-API-Key: $key{bound}"]);
is($status, 200, 'a key for badges');
is($body, '{"verified":true,"display_name":"Jane","panel":"Web Security","tested_date":"' . Credverify::date(-30)
    . '","retest_by":"' . Credverify::date(30) . '","badge_url":"https://acme.example/badge?token=' . $token . '"}',
   'and what is shown in one');

is($nginx->stop, 0, 'nginx ends well');

my $log = $nginx->errors;
unlike($log, qr/$secrets/, 'no key is logged');
unlike($log, qr/$token/, 'no token is logged');
unlike($log, qr/\[(error|alert|crit|emerg)\]/, 'nothing went wrong');

# With all that can be logged: what has a key in it is nginx's own

$nginx = LiveNginx->start(server => $server, level => 'debug');

for my $view (@views) {
    $nginx->get("/$view?token=$token", headers => ["X-API-Key: $_"]) for @key{qw(good revoked pending unscoped)}, 'pk_live_no';
    $nginx->get("/$view/embed?token=$token&format=html&key=$key{bound}");
}

is($nginx->stop, 0, 'nginx ends well');

SKIP: {
    my @debug = grep { /\[debug\]/ } split /\n/, $nginx->errors;

    skip 'nginx has no debug log', 2 unless @debug;

    my @ours = grep { /credverify/ } split /\n/, $nginx->errors;
    is(join("\n", grep { /$secrets/ } @ours), '', 'no line of the module has a key');

    my @told = grep { /$secrets/ } @debug;
    my @others = grep { !/: \*\d+ http (?:header: "|[^:]+: (?:\d+, )?"|\w+ filter:? )/ } @told;
    ok(@told, 'nginx logs headers and URLs');
    is(join("\n", @others), '', 'and nothing else of a key is there');
}

done_testing;
