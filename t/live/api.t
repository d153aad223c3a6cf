# What the command does is seen by the next call of an API with keys.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use Test::More;
use Credverify;
use LiveNginx;

my $store = Credverify::store(
    '{"kind":"issuer","id":"hub","name":"Hub"}',
    '{"kind":"class","id":"web","issuer":"hub","title":"Web","category":"web","number_format":"W-{year}-{seq:3}","requires":{"practice":3,"learn":1},"position":1}',
    '{"kind":"class","id":"api","issuer":"hub","title":"API","category":"api","requires":{"learn":1},"position":2}',
    '{"kind":"holder","id":"jo","name":"Jo March"}');

sub tool {
    ok(Credverify::run($store, undef, @_), "@_");
}

sub made {
    open my $pipe, '-|', $Credverify::tool, '--store', $store, '--json', @_ or die $!;
    return decode_json(join '', <$pipe>);
}

my $nginx = LiveNginx->start(server => "
    credverify_store $store;
    credverify_key scs;
    credverify_scope certificates:read;
    credverify_issuers hub;
    location ~ ^/verify/(?<number>.*)\$ {
        credverify_view securecodinghub;
        credverify_format '' json;
        credverify_verify number=\$number;
    }
    location ~ ^/users/(?<user>.*)\$ {
        credverify_view securecodinghub progress;
        credverify_progress holder=\$user;
    }");

my $key;

sub call {
    my ($status, $body) = $nginx->get($_[0], headers => ["Authorization: Bearer $key"]);
    my $said = decode_json($body);
    return ref $said eq 'ARRAY' ? [map { [@$_{qw(categoryId certificateNumber practiceCompleted learnCompleted)},
                                          $_->{isComplete} ? 'complete' : 'not complete'] } @$said]
                                : "$status " . ($said->{error} // $said->{userName});
}

$key = made(qw(key new acme --brand scs --scope certificates:read --issuer hub))->{key};

is(call('/users/jo'), '404 user_not_found', 'nobody has heard of the holder');

tool(qw(progress record --holder jo --class web --practice 2));
is_deeply(call('/users/jo'), [['web', undef, 2, 0, 'not complete'], ['api', undef, 0, 0, 'not complete']], 'a beginning');

tool(qw(progress record --holder jo --class web --practice 4 --learn 1));
my ($web, $api) = @{call('/users/jo')};
my $number = $web->[1];
like($number, qr/^W-20\d\d-001$/, 'what is complete is certified');
is_deeply($web, ['web', $number, 4, 1, 'complete'], 'and said to be');
is(call("/verify/$number"), '200 Jo March', 'the certificate is good');

my ($id) = map { $_->{certificateId} } @{decode_json(($nginx->get('/users/jo', headers => ["X-API-Key: $key"]))[1])};
tool('credential', 'revoke', $id);
is_deeply(call('/users/jo')->[0], ['web', undef, 4, 1, 'complete'], 'a revoked one shows as none, and what was reached stays');
is(call("/verify/$number"), '404 certificate_not_found', 'nor is it found');

tool(qw(class set web --requires), '{"practice":9,"learn":1}');
is_deeply(call('/users/jo')->[0], ['web', undef, 4, 1, 'not complete'], 'more is required');

tool(qw(class set web --requires), '');
is_deeply(call('/users/jo'), [['api', undef, 0, 0, 'not complete']], 'a class that requires nothing is not listed');

# the key

tool(qw(key suspend acme));
is(call('/users/jo'), '403 key_suspended', 'suspended');
tool(qw(key activate acme));

my $former = $key;
$key = made(qw(key rotate acme --grace 0))->{key};
is(ref call('/users/jo'), 'ARRAY', 'the new secret is good');
($key, $former) = ($former, $key);
is(call('/users/jo'), '401 unauthorized', 'the former one is not');
$key = $former;

tool(qw(key revoke acme));
is(call('/users/jo'), '401 unauthorized', 'nor any that is revoked');

is($nginx->stop, 0, 'nginx ends well');
unlike($nginx->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');

done_testing;
