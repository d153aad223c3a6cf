# The contract's examples: each request as it is, to conf-examples/demo.conf,
# with the clock held at the case's moment.

use strict;
use warnings;

use lib 't/lib';
use Cwd qw(getcwd);
use Encode qw(decode_utf8);
use JSON::PP;
use Test::More;
use Credverify;
use LiveNginx;

my $faketime = LiveNginx::faketime();
plan skip_all => 'there is no faketime for this nginx' unless $faketime;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

my $root = getcwd();

# JSON text without the white space between its tokens: members keep their
# order, which parsing would lose.

sub compact {
    my $json = shift;
    my $out = '';

    $out .= $1 while $json =~ /\G\s*("(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s"\[\]{},:]+)/gc;

    return $out;
}

# The value of a member of compact JSON text, as it stands there.

sub member {
    my ($json, $name) = @_;
    my ($depth, $value) = (0, '');

    $json =~ /"\Q$name\E":/g or return undef;

    while ($json =~ /\G("(?:[^"\\]|\\.)*"|[^"])/gc) {
        my $token = $1;
        last if $depth == 0 && $token =~ /^[,}\]]$/;
        $depth++ if $token =~ /^[\[{]$/;
        $depth-- if $token =~ /^[\]}]$/;
        $value .= $token;
    }

    return $value;
}

sub slurp {
    my $path = shift;
    open my $file, '<', $path or die "$path: $!";
    local $/;
    return <$file>;
}

# A prefix like a checkout's: the build, the examples, and var/ for the rest.

sub prefix {
    my $prefix = Credverify::folder();

    mkdir "$prefix/var" or die $!;
    symlink "$root/$_", "$prefix/$_" or die "$_: $!" for qw(build conf-examples);
    Credverify::run("$prefix/var/store", undef, 'init', '--map-size', '64M') or die;
    Credverify::run("$prefix/var/store", slurp('t/data/examples/store.jsonl'), 'import', '-')
        or die 'the store cannot be imported';

    return $prefix;
}

sub check {
    my ($nginx, $case, $text) = @_;
    my ($request, $response) = @$case{qw(request response)};
    my ($status, $body, $head) = $nginx->get($request->{path},
        method => $request->{method},
        body => $request->{body} && JSON::PP->new->utf8->encode($request->{body}),
        headers => [map { "$_: $request->{headers}{$_}" } sort keys %{$request->{headers}}]);

    is($status, $response->{status}, 'status');

    for my $name (sort keys %{$response->{headers}}) {
        like($head, qr/^\Q$name\E: \Q$response->{headers}{$name}\E/mi, $name);
    }

    if (exists $response->{body}) {
        my $answer = $text;
        $answer =~ s/.*"response":\s*\{/{/s;

        my $expected = member(compact($answer), 'body');
        my $said = compact($body);

        # an error may say more to people

        $said =~ s/,"message":"(?:[^"\\]|\\.)+"// if $said =~ /^\{"error":/ && $expected !~ /"message":/;

        is($said, $expected, 'body');
    }

    if ($response->{subset}) {
        my $json = decode_json($body);
        is_deeply($json->{$_}, $response->{subset}{$_}, $_) for sort keys %{$response->{subset}};
    }

    my $said = decode_utf8($body);

    like($said, qr/\Q$_\E/, "contains $_") for @{$response->{contains} || []};
    unlike($said, qr/\Q$_\E/, "lacks $_") for @{$response->{lacks} || []};
}

# Each case stands alone: a store, counters and an nginx of its own.

for my $path (glob 't/data/examples/*/*.json') {
    my $text = slurp($path);
    my $case = JSON::PP->new->utf8->decode($text);
    my ($clock) = $case->{now} =~ /^(.*)Z$/;
    my $conf = slurp('conf-examples/demo.conf');

    $clock =~ tr/T/ /;
    $conf =~ s/127\.0\.0\.1:8080/127.0.0.1:\@PORT\@/g or die 'no port in demo.conf';
    $conf = "env FAKETIME; env FAKETIME_DONT_FAKE_MONOTONIC;\n$conf";

    my $nginx = LiveNginx->start(conf => $conf, prefix => prefix(), log => 'var/error.log', env => {
        LD_PRELOAD => $faketime, FAKETIME => $clock, TZ => 'UTC',
        FAKETIME_DONT_FAKE_MONOTONIC => 1,
    });

    $path =~ s{.*examples/}{};

    subtest $path => sub {
        check($nginx, $case, $text);
        is($nginx->stop, 0, 'nginx ends well');
        unlike($nginx->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');
    };
}

done_testing;
