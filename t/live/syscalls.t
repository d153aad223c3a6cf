# A verification makes exactly the system calls of "return 200", with a key or
# without.

use strict;
use warnings;

use lib 't/lib';
use IO::Select;
use MIME::Base64 qw(encode_base64);
use Test::More;
use Time::HiRes qw(sleep);
use Credverify;
use CredverifyKeys;
use LiveNginx;

plan skip_all => 'strace is not installed' unless qx(strace -V 2>/dev/null);
plan skip_all => 'sanitizers make calls of their own' if $ENV{SANITIZE};

my $svg = encode_base64('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><g/></svg>', '');
my $store = CredverifyKeys::store(
    '{"kind":"issuer","id":"badges","name":"Badges","url":"https://b.example","email":"a@b.example"}',
    '{"kind":"class","id":"badge","issuer":"badges","title":"Badge","description":"d","criteria":{"narrative":"n"}}',
    qq({"kind":"image","class":"badge","data":"$svg"}),
    '{"kind":"holder","id":"of-badge","email":"jo@mail.example"}',
    '{"kind":"credential","id":"badge","class":"badge","holder":"of-badge","status":"issued","issued_at":"2026-01-05"}',
    '{"kind":"assertion","credential":"badge","id":"0a","salt":"s"}');
my $valid = Credverify::token('valid');

my $nginx = LiveNginx->start(workers => 1, server => "credverify_store $store;
    location = /200 { return 200 ok; }
    location = /m { credverify_status; }
    location = /v { credverify_verify token=\$arg_token code=\$arg_code number=\$arg_number; }
    location = /k { credverify_key scs; credverify_scope certificates:write; credverify_keyless all html; credverify_verify token=\$arg_token; }
    location = /t { credverify_view truecert; credverify_format \$arg_format html json svg badge card; credverify_verify token=\$arg_token; }
    location /ob/ { credverify_issuers badges; credverify_openbadges https://b.example/ob/; }
    location = /b { credverify_view testedclear badge; credverify_key scs; credverify_key_argument key; credverify_keyless all svg; credverify_verify token=\$arg_token; }");

my $requests = 50;

$nginx->get('/200');        # there is a worker when it has answered
my ($worker) = $nginx->workers;

# The calls of so many requests on one connection, by name. What the timer of
# the store does once a second is not a request's: it alone calls stat.

sub calls {
    my ($path, @fields) = @_;
    my $fields = join '', map { "$_\r\n" } @fields;
    my $log = "$nginx->{prefix}/strace";
    unlink $log, "$log.err";

    # memory for an answer of that length is asked for once
    $nginx->get($path, headers => \@fields);

    my $pid = fork;

    if ($pid == 0) {
        open STDERR, '>', "$log.err";
        exec 'strace', '-p', $worker, '-o', $log, '-e', 'trace=!newfstatat,stat,fcntl'
            or die $!;
    }

    for (1 .. 100) {
        last if $nginx->slurp("$log.err") =~ /attached/;
        sleep 0.05;
    }

    my $socket = $nginx->connect or die "connect: $!";

    for (1 .. $requests) {
        my $answer = '';
        print $socket "GET $path HTTP/1.1\r\nHost: test\r\n$fields\r\n";

        until ($answer =~ /\r\n\r\n/ && $answer =~ /^Content-Length: (\d+)/mi
               && length($answer) >= $1 + index($answer, "\r\n\r\n") + 4)
        {
            IO::Select->new($socket)->can_read(10) or die "no answer";
            sysread $socket, $answer, 65536, length $answer or die "closed";
        }

        $answer =~ m{^HTTP/1.1 200} or die "no 200: $answer";
    }

    close $socket;
    sleep 0.2;
    kill 'INT', $pid;
    waitpid $pid, 0;

    my %calls;
    open my $file, '<', $log or die $!;
    while (my $line = <$file>) {
        $calls{$1}++ if $line =~ /^(\w+)\(/;
    }

    # the timer wakes the worker up when it likes
    delete $calls{epoll_wait};

    return \%calls;
}

# a worker that answers is done with opening the store

is($nginx->status("/v?token=$valid"), 200, 'it is open');

my $expected = calls('/200');

SKIP: {
    skip 'strace may not attach here', 1 unless $expected->{recvfrom};

    cmp_ok($expected->{recvfrom}, '>=', $requests, 'the calls of return 200 are counted');

    my %paths = (
        'a token' => "/v?token=$valid",
        'a token, percent-encoded' => '/v?token=%31' . substr($valid, 1),
        'a code' => '/v?code=C-valid',
        'JSON of truecert' => "/t?token=$valid&format=json",
        'a page' => "/t?token=$valid",
        'a badge' => "/t?token=$valid&format=svg",
        'a badge for a frame' => "/t?token=$valid&format=badge&theme=dark",
        'a card' => "/t?token=$valid&format=card",
        'a badge, by address' => "/b?token=$valid&format=svg",
        'a badge, with a key in the URL' => "/b?token=$valid&format=svg&key=" . CredverifyKeys::key('badge'),
        'an assertion' => '/ob/assertion/0a.json',
        'one in an image' => '/ob/assertion/0a.svg',
        'a class of badges' => '/ob/class/badge.json',
        'its image' => '/ob/class/badge.svg',
        'its issuer' => '/ob/issuer.json',
        'a revoked one' => '/v?token=' . Credverify::token('revoked'),
    );

    is_deeply(calls($paths{$_}), $expected, $_) for sort keys %paths;

    is_deeply(calls("/k?token=$valid", 'X-API-Key: ' . CredverifyKeys::key('poor')), $expected,
              'with a key, a scope and a quota');
    is_deeply(calls("/k?token=$valid&format=html"), $expected, 'without a key, by address');
}

done_testing;
