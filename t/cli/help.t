# The command line itself: help, options, usage errors, where output goes.

use strict;
use warnings;

use FindBin;
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


# Options anywhere, in both forms, until "--"

my $store = load($ISSUER);

for (['--store', $store, 'stats', '--json'],
     ["--store=$store", '--json', 'stats'],
     ['--json', 'stats', '--store', $store],
     ['--store', '/nonexistent', 'stats', '--json', '--store', $store])
{
    my $r = run(@$_);
    done_ok($r, join ' ', 'credverify', grep { $_ ne $store } @$_);
    is((json_lines($r->{out}))[0]{issuer}, 1, 'the store was found');
}

done_ok(run('--store', $store, 'issuer', 'set', '--name', 'N', '--', '--odd'),
        'an id that looks like an option');
$r = run('--store', $store, 'issuer', 'show', '--', '--odd');
like($r->{out}, qr/^id +--odd$/m, 'it is shown');


# Stores that are not there

fails(run('--store', '/nonexistent/a', 'stats'),
      'stats: /nonexistent/a/data.mdb: No such file or directory; make a '
      . 'store with "credverify init"', 'no store');

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
