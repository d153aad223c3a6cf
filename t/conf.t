# Configuration: what is refused, with which words, and what is inherited.

use lib 't/lib';
use Test::Nginx::Socket;
use Credverify;

no_shuffle();

$ENV{TEST_NGINX_STORE} = Credverify::store();
$ENV{TEST_NGINX_VIEWS} = $Credverify::views;
$ENV{TEST_NGINX_EMPTY} = Credverify::folder();
$ENV{TEST_NGINX_T_VALID} = Credverify::token('valid');
$ENV{TEST_NGINX_T_OTHER} = Credverify::token('other');

my $bad = $ENV{TEST_NGINX_BAD} = Credverify::folder();

sub view {
    my ($name, $json, $html) = @_;
    my %text = (json => $json, $html ? (html => $html) : ());

    mkdir "$bad/$name" or die "$bad/$name: $!";

    for (keys %text) {
        open my $file, '>', "$bad/$name/verify.$_" or die $!;
        print $file $text{$_};
        close $file or die $!;
    }
}

view('syntax', "{\n \"valid\": }");
view('fact', '{"valid":{"body":{"x":"$holder.email"}},'
     . join(',', map { "\"$_\":{\"body\":1}" }
            qw(revoked token_expired refunded expired pending not_found error))
     . '}');
view('lacks', '{"valid":{"body":{}}}');
view('outcome', '{"fine":{"body":{}}}');
view('tag', '{' . join(',', map { "\"$_\":{}" }
     qw(valid revoked token_expired refunded expired pending not_found error))
     . '}', "<p>\n{{title}} {{{detail}}}</p>\n");

our $http = <<'_EOC_';
    credverify_store $TEST_NGINX_STORE;
    credverify_views $TEST_NGINX_VIEWS;
_EOC_

plan tests => 95;

run_tests();

__DATA__

=== TEST 1: verification without a store
--- config
    location = /v { credverify_verify token=$arg_token; }
--- must_die
--- error_log
no "credverify_store" is set for this location



=== TEST 2: health without a store
--- config
    location = /v { credverify_health; }
--- must_die
--- error_log
no "credverify_store" is set for this location



=== TEST 3: a handle nobody knows
--- http_config eval: $::http
--- config
    location = /v { credverify_verify name=$arg_token; }
--- must_die
--- error_log
invalid parameter "name=$arg_token": it must be token=, code=, number=, id= or assertion= and a value



=== TEST 4: a handle without a value
--- http_config eval: $::http
--- config
    location = /v { credverify_verify token=; }
--- must_die
--- error_log
invalid parameter "token="



=== TEST 5: a handle without a name
--- http_config eval: $::http
--- config
    location = /v { credverify_verify $arg_token; }
--- must_die
--- error_log
invalid parameter "$arg_token"



=== TEST 6: an unknown variable
--- http_config eval: $::http
--- config
    location = /v { credverify_verify token=$nothing; }
--- must_die
--- error_log
unknown "nothing" variable



=== TEST 7: verification twice
--- http_config eval: $::http
--- config
    location = /v { credverify_verify token=$arg_token; credverify_verify code=$arg_code; }
--- must_die
--- error_log
"credverify_verify" directive is duplicate



=== TEST 8: verification and health in one location
--- http_config eval: $::http
--- config
    location = /v { credverify_verify token=$arg_token; credverify_health; }
--- must_die
--- error_log
do not go together in one location



=== TEST 9: verification outside of a location
--- http_config eval: $::http
--- config
    credverify_verify token=$arg_token;
--- must_die
--- error_log
"credverify_verify" directive is not allowed here



=== TEST 10: a view that is not there
--- http_config eval: $::http
--- config
    location = /v { credverify_view nobody; credverify_verify token=$arg_token; }
--- must_die
--- error_log
nobody/verify.json



=== TEST 11: a view that is a path
--- http_config eval: $::http
--- config
    location = /v { credverify_view ../views/native; credverify_verify token=$arg_token; }
--- must_die
--- error_log
invalid name "../views/native"



=== TEST 12: a view with a syntax error names file and line
--- http_config eval: $::http
--- config
    location = /v {
        credverify_views $TEST_NGINX_BAD;
        credverify_view syntax;
        credverify_verify token=$arg_token;
    }
--- must_die
--- error_log eval
qr{syntax/verify\.json: line 2: }



=== TEST 13: a view that asks for what no view is told
--- http_config eval: $::http
--- config
    location = /v {
        credverify_views $TEST_NGINX_BAD;
        credverify_view fact;
        credverify_verify token=$arg_token;
    }
--- must_die
--- error_log eval
qr{fact/verify\.json: valid\.body\.x: unknown fact "holder\.email"}



=== TEST 14: a view that lacks outcomes
--- http_config eval: $::http
--- config
    location = /v {
        credverify_views $TEST_NGINX_BAD;
        credverify_view lacks;
        credverify_verify token=$arg_token;
    }
--- must_die
--- error_log eval
qr{lacks/verify\.json: .*revoked}



=== TEST 15: a view with an unknown outcome
--- http_config eval: $::http
--- config
    location = /v {
        credverify_views $TEST_NGINX_BAD;
        credverify_view outcome;
        credverify_verify token=$arg_token;
    }
--- must_die
--- error_log eval
qr{outcome/verify\.json: .*fine}



=== TEST 16: a format nobody knows
--- http_config eval: $::http
--- config
    location = /v { credverify_format $arg_format pdf; credverify_verify token=$arg_token; }
--- must_die
--- error_log
unknown format "pdf"



=== TEST 17: a format the view does not come in
--- http_config eval: $::http
--- config
    location = /v { credverify_view testedclear badge; credverify_format $arg_format qr; credverify_verify token=$arg_token; }
--- must_die
--- error_log
does not come in the format "qr"



=== TEST 18: a time that is none
--- http_config eval: $::http
--- config
    credverify_max_age soon;
--- must_die
--- error_log
invalid value



=== TEST 19: an empty store
--- config
    credverify_store "";
--- must_die
--- error_log
"credverify_store" directive is empty



=== TEST 20: a store that is a variable
--- config
    credverify_store $host;
--- must_die
--- error_log
"credverify_store" directive takes no variables



=== TEST 21: an issuer that is a variable
--- http_config eval: $::http
--- config
    credverify_issuers $arg_issuer;
--- must_die
--- error_log
invalid issuer "$arg_issuer"



=== TEST 22: any issuer, and then some
--- http_config eval: $::http
--- config
    credverify_issuers acme any;
--- must_die
--- error_log
invalid issuer "any": it is an id, not a variable, and "any" stands alone



=== TEST 23: a location takes from the server what it does not set itself
--- http_config eval: $::http
--- config
    credverify_issuers umbrella;
    credverify_view truecert;
    credverify_format $arg_format json;

    location = /server { credverify_verify token=$arg_token; }
    location = /any { credverify_issuers any; credverify_verify token=$arg_token; }
    location = /native { credverify_view native; credverify_verify token=$arg_token; }
--- pipelined_requests eval
["GET /server?token=$ENV{TEST_NGINX_T_VALID}",
 "GET /server?token=$ENV{TEST_NGINX_T_OTHER}",
 "GET /any?token=$ENV{TEST_NGINX_T_VALID}",
 "GET /native?token=$ENV{TEST_NGINX_T_OTHER}"]
--- error_code eval: [404, 200, 200, 200]
--- response_body_like eval
[qr/"error":"Token not found\."/, qr/"holder":"Jane Smith"/,
 qr/"holder":"Jane Smith"/, qr/"reason":"valid"/]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 24: a store that is not there is no error of the configuration
--- http_config
    credverify_views $TEST_NGINX_VIEWS;
--- config
    location = /v {
        credverify_store $TEST_NGINX_EMPTY/nothing;
        credverify_format $arg_format json;
        credverify_verify token=$arg_token;
    }
--- request eval: "GET /v?token=$ENV{TEST_NGINX_T_VALID}"
--- error_code: 503
--- error_log
nothing/data.mdb: No such file or directory; make a store with "credverify init", or restore a backup; answering 503
--- no_error_log
[alert]
[crit]



=== TEST 25: a page with a tag that is not supported names file and line
--- http_config eval: $::http
--- config
    location = /v {
        credverify_views $TEST_NGINX_BAD;
        credverify_view tag;
        credverify_verify token=$arg_token;
    }
--- must_die
--- error_log eval
qr{tag/verify\.html:2: "\{\{\{": values are always escaped, write "\{\{name\}\}" in \S+:\d+}



=== TEST 26: a time beyond that, which is none
--- config
    credverify_stale later;
--- must_die
--- error_log
invalid value



=== TEST 27: no fields for tags but "off"
--- config
    credverify_cache_tag Cache-Tag off;
--- must_die
--- error_log
invalid field "off": its name is made of letters, digits and "-", and "off" stands alone



=== TEST 28: a field that none can be called
--- config
    credverify_cache_tag "Cache Tag";
--- must_die
--- error_log
invalid field "Cache Tag"



=== TEST 29: an empty one
--- config
    credverify_cache_tag "";
--- must_die
--- error_log
invalid field ""



=== TEST 30: tags twice
--- config
    credverify_cache_tag off;
    credverify_cache_tag Cache-Tag;
--- must_die
--- error_log
"credverify_cache_tag" directive is duplicate



=== TEST 31: what is set for caches is inherited, and replaced
--- http_config eval: $::http . 'credverify_max_age 20s; credverify_stale 10s; credverify_cache_tag X-Tag;'
--- config
    credverify_stale 7s;
    location /v {
        credverify_format $arg_format json;
        credverify_verify token=$arg_token;
        location = /v/off { credverify_verify token=$arg_token; credverify_cache_tag off; }
        location = /v/on { credverify_verify token=$arg_token; credverify_cache_tag Cache-Tag; credverify_max_age 1s; }
    }
--- request eval
[map { "GET $_?token=$ENV{TEST_NGINX_T_VALID}" } '/v', '/v/off', '/v/on']
--- raw_response_headers_like eval
my $to = 'stale-while-revalidate=7, stale-if-error=0\r\n';
[qr/max-age=20, ${to}X-Tag: cv-\w{16}\r\n/, qr/max-age=20, ${to}(?!X-Tag)/, qr/max-age=1, ${to}Cache-Tag: cv-\w{16}\r\n/]
--- no_error_log
[error]
[alert]
[crit]
