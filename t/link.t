# credverify_link: values that a location gives its views.

use lib 't/lib';
use Test::Nginx::Socket;
use Credverify;

repeat_each(2);
no_shuffle();

my $own = $ENV{TEST_NGINX_OWN} = Credverify::folder();

$ENV{TEST_NGINX_STORE} = Credverify::store();

sub put {
    my ($path, $text) = @_;
    open my $file, '>', "$own/$path" or die "$path: $!";
    print $file $text;
    close $file or die "$path: $!";
}

mkdir "$own/mine" or die $!;
put('mine/verify.json', '{' . join(',', (map { qq("$_":{"body":{"all":"\$links","docs":"\$links.docs?","at":"<\${links.docs}>"}}) }
    qw(valid error)), map { qq("$_":{"body":0}) } qw(revoked token_expired refunded expired pending not_found)) . '}');
put('mine/verify.html', '{{#links}}<a href="{{links.docs}}">{{links.docs}}</a>{{/links}}{{^links}}none{{/links}}');

our $http = <<'_EOC_';
    credverify_store $TEST_NGINX_STORE;
    credverify_views $TEST_NGINX_OWN;
    credverify_view mine;
    credverify_link docs https://acme.example/docs;
_EOC_

our $many = join '', map { "credverify_link l$_ x; " } 1 .. 16;

plan tests => repeat_each() * 51;

run_tests();

__DATA__

=== TEST 1: in a verdict and in an error
--- http_config eval: $::http
--- config
    location = /v { credverify_verify code=$arg_code; }
--- pipelined_requests eval
["GET /v?code=C-valid", "GET /v"]
--- error_code eval: [200, 400]
--- response_body eval
[('{"all":{"docs":"https://acme.example/docs"},"docs":"https://acme.example/docs","at":"<https://acme.example/docs>"}') x 2]
--- no_error_log
[error]
[alert]
[crit]



=== TEST 2: a level that has any inherits none
--- http_config eval: $::http
--- config
    location = /v {
        credverify_link apply a;
        credverify_verify code=$arg_code;
    }
--- request
GET /v?code=C-valid
--- response_body chomp
{"all":{"apply":"a"},"at":"<>"}
--- no_error_log
[error]
[alert]
[crit]



=== TEST 3: with variables, as they stand in the URL, escaped for where they are shown
--- http_config eval: $::http
--- config
    location = /v {
        credverify_link docs "x?code=$arg_code&a=$arg_a";
        credverify_link b $arg_b;
        credverify_link empty $arg_c;
        credverify_link wrong $http_x_wrong;
        credverify_verify code=$arg_code;
    }
--- request eval
"GET /v?code=C-valid&a=%22\"&b=%41"
--- more_headers eval: "X-Wrong: \xff"
--- response_body chomp
{"all":{"docs":"x?code=C-valid&a=%22\"","b":"%41"},"docs":"x?code=C-valid&a=%22\"","at":"<x?code=C-valid&a=%22\">"}
--- no_error_log
[error]
[alert]
[crit]



=== TEST 4: a variable that is called like an argument
--- http_config eval: $::http
--- config
    set $arg_b mine;
    location = /v {
        credverify_link b $arg_b;
        credverify_verify code=$arg_code;
    }
--- request
GET /v?code=C-valid&b=yours
--- response_body chomp
{"all":{"b":"mine"},"at":"<>"}
--- no_error_log
[error]
[alert]
[crit]



=== TEST 5: in a page a link leads to sites only
--- http_config eval: $::http
--- config
    location = /v {
        credverify_link docs $arg_u;
        credverify_format "" html;
        credverify_verify code=$arg_code;
    }
--- pipelined_requests eval
["GET /v?code=C-valid&u=https://a.example/?<b>", "GET /v?code=C-valid&u=javascript:alert(1)", "GET /v?code=C-valid"]
--- response_body eval
['<a href="https://a.example/?&lt;b&gt;">https://a.example/?&lt;b&gt;</a>', '<a href="#">javascript:alert(1)</a>', 'none']
--- no_error_log
[error]
[alert]
[crit]



=== TEST 6: as many as there may be
--- http_config eval: $::http
--- config eval
"location = /v { $::many credverify_verify code=\$arg_code; }"
--- request
GET /v?code=C-valid
--- response_body_like eval
qr/^\{"all":\{"l1":"x",("l\d+":"x",){14}"l16":"x"\},/
--- no_error_log
[error]
[alert]
[crit]



=== TEST 7: one more
--- http_config eval: $::http
--- config eval
"location = /v { $::many credverify_link more x; credverify_verify code=\$arg_code; }"
--- must_die
--- error_log
"credverify_link" directive is one of too many



=== TEST 8: a name again
--- http_config eval: $::http
--- config
    location = /v { credverify_link a x; credverify_link a y; credverify_verify code=$arg_code; }
--- must_die
--- error_log
"credverify_link" directive is duplicate



=== TEST 9: of a variable that there is not
--- http_config eval: $::http
--- config
    location = /v { credverify_link a $nothing; credverify_verify code=$arg_code; }
--- must_die
--- error_log
unknown "nothing" variable
