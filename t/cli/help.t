# The command line itself: help, options, usage errors, where output goes.

use strict;
use warnings;

use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);
use FindBin;
use POSIX ();
use lib "$FindBin::Bin/../lib";

use Test::More;
use CredverifyTool;

my $r = run('help');
done_ok($r, 'help');
like($r->{out}, qr/^Usage: credverify /, 'begins with the usage');
is(run('--help')->{out}, $r->{out}, '--help is the same');
is(run('-h')->{out}, $r->{out}, '-h is the same');

$r = run('--version');
done_ok($r, 'version');
like($r->{out}, qr/\Acredverify \d+\.\d+\.\d+\n\z/, 'its form');


# Every command

$r = run('help', '--all');
done_ok($r, 'help --all');

my @commands;

for (split /\n/, $r->{out}) {
    like($_, qr/\A[a-z]+(?: [a-z]+)?  \S.*\z/, "form of \"$_\"");
    push @commands, [split / /, (split /  /)[0]];
}

cmp_ok(scalar @commands, '>=', 22, 'all are there');

for my $command (@commands) {
    my $name = "@$command";

    my $help = run(@$command, '--help');
    done_ok($help, "$name --help");
    like($help->{out}, qr/\AUsage: credverify \[--store DIR\] $name\b/,
         "$name: usage");
    like($help->{out}, qr/^  --json /m, "$name: has --json");
    is(run('help', @$command)->{out}, $help->{out}, "help $name is the same")
        unless $name eq 'help';

    misused(run(@$command, '--nonsense'),
            qq($name: --nonsense: unknown option; see "credverify help $name"),
            "$name --nonsense");
    misused(run(@$command, 'a', 'b', 'c'), qr/: "\w" is more than is expected; /,
            "$name with too many arguments");
}

$r = run('help', 'token');
done_ok($r, 'help of a noun');
is(scalar(() = $r->{out} =~ /^  token /mg), 3, 'its verbs');
is(run('token', '--help')->{out}, $r->{out}, 'noun --help is the same');


# Wrong usage

misused(run(), 'a command is missing; see "credverify help"', 'no command');
misused(run('nonsense'), 'nonsense: unknown command; see "credverify help"',
        'unknown command');
misused(run('token', 'nonsense'), 'token nonsense: unknown command; '
        . 'see "credverify help token"', 'unknown verb');
misused(run('token'),
        'token: what to do with it is missing; see "credverify help token"',
        'no verb');
misused(run('help', 'nonsense'),
        qr/nonsense: unknown command/, 'help of nothing');
misused(run('help', 'token', 'nonsense'),
        qr/token nonsense: unknown command/, 'help of no verb');
misused(run('-x'), '-x: unknown option; see "credverify help"',
        'short option');
misused(run('--store'), '--store: needs a value; see "credverify help"',
        'option without its value');
misused(run('--json=1', 'stats'),
        '--json: takes no value; see "credverify help"', 'flag with a value');
misused(run('init', '--owner', 'a', '--owner=b'),
        'init: --owner: given twice; see "credverify help init"',
        'option given twice');
misused(run("a\e[31mb\x01\xff"), 'a?[31mb??: unknown command; '
        . 'see "credverify help"', 'control characters are not passed on');


# Tokens are secrets, also where they are out of place

my $tokens = load($ISSUER, $CLASS, $HOLDER, $CREDENTIAL);

for my $token ('0123456789abcdef' x 4, '0123456789ABCDEF' x 4,
               '0123456789abcdef' x 5)
{
    for (["$token"], ['token', $token], ['help', $token], ["--$token"],
         ["-$token"], ['credential', 'show', $token], ['token', 'list', $token],
         ['token', 'new', $token], ['holder', 'show', "of $token!"],
         ['token', 'new', 'x', $token], ['credential', 'issue', $token],
         ['token', 'new', 'x', '--expires-at', $token],
         ['issuer', 'set', 'i', '--url', "\xff", '--name', $token],
         ['class', 'set', 'c', '--issuer', $token, '--title', 'T'],
         ['credential', 'show', 'x' x 470 . $token],
         ['credential', 'issue', 'x' x 430 . $token],
         ['export', "/nonexistent/$token"])
    {
        my $r = run('--store', $tokens, @$_);
        ok($r->{status} > 0, 'a token in the wrong place');
        unlike($r->{out} . $r->{err}, qr/[0-9a-f]{40}/i, "is not repeated");
    }
}

fails(run('--store', $tokens, 'holder', 'show', 'of ' . 'aB' x 32 . '!'),
      "holder show: there is no holder \"of \xe2\x80\xa6!\"",
      'what stands around it is');
fails(run('--store', $tokens, 'holder', 'show', 'ab' x 19),
      'holder show: there is no holder "' . 'ab' x 19 . '"', 'a short one');


# Options anywhere, in both forms, until "--"

my $store = load($ISSUER);

misused(run('--store=', @$_), qr/: --store: no directory's name; /,
        "@$_ of no store") for ['stats'], ['init'], ['import', '-'], ['export'],
        ['issuer', 'list'], ['token', 'new', 'x'], ['check'];
done_ok(run('--store=', 'stats', '--store', $store), 'a later one counts');

for (['--store', $store, 'stats', '--json'],
     ["--store=$store", '--json', 'stats'],
     ['--json', 'stats', '--store', $store],
     ['--store', '/nonexistent', 'stats', '--json', '--store', $store])
{
    my $r = run(@$_);
    done_ok($r, join ' ', 'credverify', grep { $_ ne $store } @$_);
    is((json_lines($r->{out}))[0]{issuer}, 1, 'the store was found');
}

# the environment names a store too, unless it is empty; an option wins

{
    local $ENV{CREDVERIFY_STORE} = $store;
    done_ok(run('issuer', 'show', 'i'), 'CREDVERIFY_STORE');
    fails(run('stats', '--store', '/nonexistent'), qr{/nonexistent/data\.mdb},
          '--store wins');
    misused(run('stats', '--store='), qr/: --store: no directory's name; /,
            'also if it is empty');

    $ENV{CREDVERIFY_STORE} = '';
    fails(run({ before => sub { chdir '/' } }, 'stats'),
          qr{: var/store/data\.mdb: }, 'an empty one is none');
}

done_ok(run('--store', $store, 'issuer', 'set', '--name', 'N', '--', '--odd'),
        'an id that looks like an option');
$r = run('--store', $store, 'issuer', 'show', '--', '--odd');
like($r->{out}, qr/^id +--odd$/m, 'it is shown');


# Stores that are not there

fails(run('--store', '/nonexistent/a', 'stats'),
      'stats: /nonexistent/a/data.mdb: No such file or directory; make a '
      . 'store with "credverify init", or restore a backup', 'no store');

my $broken = temp();
mkdir $broken;
write_file('x' x 100000, "$broken/data.mdb");
fails(run('--store', $broken, 'stats'), qr/^credverify: stats: \Q$broken\E: /,
      'no store, but a file');


# Where output cannot go

SKIP: {
    skip 'no /dev/full', 3 unless -w '/dev/full';

    for (['help'], ['--store', $store, 'export'],
         ['--store', $store, 'issuer', 'list'])
    {
        my $r = run({ stdout => '/dev/full' }, @$_);
        is($r->{status}, 1, "@$_[-1]: exit status");
        like($r->{err}, qr/: standard output: No space left on device\n\z/,
             'error');
    }
}

# A change is made before its answer is written, but for a token, which then
# nobody would know

SKIP: {
    skip 'no /dev/full', 8 unless -w '/dev/full';

    my $store = load($ISSUER, $CLASS, $HOLDER, $CREDENTIAL);
    my $nowhere = { stdout => '/dev/full' };
    my $error = 'standard output: No space left on device';

    fails(run($nowhere, '--store', $store, 'holder', 'set', 'other'),
          "holder set: $error; the change was made", 'a change');
    is(scalar(json_lines(run('--store', $store, 'holder', 'list', '--json')
                         ->{out})), 2, 'it was');

    fails(run($nowhere, '--store', $store, 'holder', 'list'),
          "holder list: $error", 'no change');

    fails(run($nowhere, '--store', $store, 'token', 'new', 'x'),
          "token new: $error; the token was removed again", 'a token');
    is(run('--store', $store, 'token', 'list', 'x')->{out}, '', 'it was');

    my $new = temp();
    fails(run($nowhere, '--store', $new, 'init'),
          "init: $error; the store was made", 'a store');
    done_ok(run('--store', $new, 'check'), 'it was');

    fails(run({ %$nowhere, in => $ISSUER }, '--store', $new, 'import', '-'),
          "import: $error; every line was imported", 'an import');
    is((json_lines(run('--store', $new, 'stats', '--json')->{out}))[0]{issuer},
       1, 'it was');
}

# no answer is written of a change that could not be made: nothing can be
# written to the file but its first two pages

{
    my $store = load($ISSUER, $CLASS, $HOLDER, $CREDENTIAL);

    for (['token', 'new', 'x'], ['holder', 'set', 'other'],
         ['credential', 'revoke', 'x'])
    {
        my @command = ('--store', $store, @$_);

        fails(run({ before => sub {
                  exec '/bin/sh', '-c', "trap '' XFSZ; ulimit -f 8; "
                       . 'exec "$0" "$@"', $BINARY, @command } }, @command),
              qr/\Acredverify: $_->[0] $_->[1]: [^\n]*: File too large\n/,
              "@$_ that cannot be committed");
    }

    is(run('--store', $store, 'token', 'list', 'x')->{out}, '', 'no token');

    done_ok(run('--store', $store, 'check'), 'the store is whole');
}

# who reads may be slow

{
    pipe my $reader, my $writer or die;
    my $flags = fcntl $writer, F_GETFL, 0;
    fcntl $writer, F_SETFL, $flags | O_NONBLOCK;

    my $store = load(records(2000));
    my $job = start({ before => sub { POSIX::dup2(fileno $writer, 1) } },
                    '--store', $store, 'export');
    close $writer;
    sleep 1;
    my $lines = () = <$reader>;
    my $r = finish($job);
    is("$r->{status} $r->{err}", '0 ', 'a pipe that would block');
    is($lines, 8002, 'gets everything');
}

# a closed descriptor must not become one of the store's files

my $full = load(records(500));
my $whole = run('--store', $full, 'export')->{out};

for (['export', 0, 0], ['export', 1, 1], ['export', 2, 0], ['import', 0, 1],
     ['import', 1, 1], ['import', 2, 1])
{
    my ($command, $closed, $status) = @$_;

    my $r = run({ in => '{"kind":"wrong"}' x ($closed == 2),
                  before => sub { POSIX::close($closed) } },
                '--store', $full, $command, ('-') x ($command eq 'import'));

    is($r->{status}, $status, "$command with descriptor $closed closed");
    unlike(read_file("$full/$_"), qr/credverify: |\{"kind":/,
           "nothing was written to $_") for 'lock.mdb', 'data.mdb';
    done_ok(run('--store', $full, 'check'), 'the store is whole');
    is(run('--store', $full, 'export')->{out}, $whole, 'and what it was');
}

{
    pipe my $reader, my $writer or die;
    close $reader;
    my $r = run({ before => sub { POSIX::dup2(fileno $writer, 1) } },
                '--store', $store, 'export');
    is("$r->{status} $r->{signal}", '1 0', 'closed pipe');
    like($r->{err}, qr/: standard output: Broken pipe\n\z/, 'error');
}

done_testing();
