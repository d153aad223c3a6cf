# credverify progress: counts, and the credential that completing them issues

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use POSIX qw(strftime);
use Test::More;
use CredverifyTool;

my $YEAR = strftime('%Y', gmtime);

my $store = load($ISSUER,
    '{"kind":"class","id":"web","issuer":"i","title":"Web","valid_days":30,'
        . '"number_format":"W-{year}-{seq:4}","requires":{"practice":75,"learn":22}}',
    '{"kind":"class","id":"read","issuer":"i","title":"Read",'
        . '"requires":{"learn":5,"practice":null}}',
    '{"kind":"class","id":"free","issuer":"i","title":"Free"}',
    '{"kind":"class","id":"empty","issuer":"i","title":"Empty","requires":{}}',
    $HOLDER, '{"kind":"holder","id":"g","name":"G"}');

sub cv {
    return run('--store', $store, @_);
}

# what a progress says of complete, issued, number, and the counts

sub progress {
    my ($holder, $class, @counts) = @_;
    my $r = cv('progress', 'record', '--holder', $holder, '--class', $class,
               '--json', @counts);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    done_ok($r, "progress of $holder in $class: @counts");
    my ($answer) = json_lines($r->{out});
    return $answer;
}

sub credentials {
    return grep { $_->{kind} eq 'credential' } json_lines(cv('export')->{out});
}


# Counts are absolute, and stay where they are not named

my $p = progress('h', 'web', '--practice', 10);
is_deeply($p, { kind => 'progress', holder => 'h', class => 'web', practice => 10,
                complete => JSON::PP::false, issued => undef, number => undef },
          'the first count');
$p = progress('h', 'web', '--learn', 22);
is("$p->{practice} $p->{learn} " . ($p->{complete} ? 1 : 0), '10 22 0',
   'the other stays');
$p = progress('h', 'web', '--practice', 3, '--learn', 0);
is("$p->{practice} $p->{learn}", '3 0', 'neither is added');
$p = progress('h', 'web', '--practice', 74, '--learn', 22);
ok(!$p->{complete}, 'one is missing');
is(scalar credentials(), 0, 'nothing was issued');


# The last one issues the credential, once

$p = progress('h', 'web', '--practice', 75);
ok($p->{complete}, 'complete');
is($p->{number}, "W-$YEAR-0001", 'with the next number');
like($p->{issued}, qr/\A[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\z/,
     'and a random id');

my ($credential) = credentials();
is("@$credential{qw(id class holder status number)}",
   "$p->{issued} web h issued W-$YEAR-0001", 'the credential');
ok($credential->{issued_at} && $credential->{expires_at}, 'with its dates');

$p = progress('h', 'web', '--practice', 80);
ok($p->{complete} && !$p->{issued}, 'again, without another one');
progress('h', 'web', '--practice', 0);
$p = progress('h', 'web', '--practice', 75);
ok($p->{complete} && !$p->{issued}, 'nor after less');

done_ok(cv('credential', 'revoke', $credential->{id}), 'revoked');
$p = progress('h', 'web', '--practice', 76);
ok($p->{complete} && !$p->{issued}, 'it is not issued again');

$p = progress('g', 'web', '--practice', 75, '--learn', 22);
is($p->{number}, "W-$YEAR-0002", 'another holder has one of their own');

for my $status (qw(draft pending)) {
    done_ok(cv('holder', 'set', "a-$status", '--name', 'N'), 'a holder');
    done_ok(cv('credential', 'create', '--class', 'web', '--holder', "a-$status",
               '--status', $status), "with a $status credential");
    $p = progress("a-$status", 'web', '--practice', 75, '--learn', 22);
    ok($p->{complete} && !$p->{issued}, 'which stays the only one');
}


# What a class requires

$p = progress('h', 'read', '--learn', 5);
ok($p->{complete} && $p->{issued} && !defined $p->{number},
   'one count, no number');
$p = progress('h', 'free', '--learn', 1000);
ok(!$p->{complete} && !$p->{issued}, 'nothing is required');
$p = progress('h', 'empty', '--practice', 0);
ok(!$p->{complete} && !$p->{issued}, 'nor by an empty object');

my $before = () = credentials();
done_ok(run({ in => qq({"kind":"progress","holder":"g","class":"read","learn":9}\n) },
            '--store', $store, 'import', '-'), 'an import');
is(scalar(() = credentials()), $before, 'issues nothing');
ok(progress('g', 'read', '--practice', 1)->{issued}, 'but what comes after does');


# list

is(cv('progress', 'list', '--holder', 'h')->{out},
   "web    76  22\nread   -   5\nfree   -   1000\nempty  0   -\n", 'list');
is(cv('progress', 'list', '--holder', 'h', '--json', '--limit', 1)->{out},
   qq({"kind":"progress","holder":"h","class":"web","practice":76,"learn":22}\n),
   'as JSON, limited');
is(cv('progress', 'list', '--holder', 'a-draft')->{out}, "web  75  22\n",
   'of another');


# What is refused, and changes nothing

my $export = cv('export')->{out};

misused(cv('progress', 'record', @$_), qr/: --holder and --class are expected; /,
        "record @$_")
    for [], [qw(--holder h --learn 1)], [qw(--class web --learn 1)];
misused(cv(qw(progress record --holder h --class web)),
        qr/: give --practice or --learn, or both; /, 'no count');
misused(cv(qw(progress record --holder h --class web --learn), $_),
        qr/"learn" must be a whole number, 0 or more; |"$_" is no whole number; /,
        "--learn $_") for '-1', 'x', '1.5', '99999999999999999999';
fails(cv(qw(progress record --holder nobody --class web --learn 1)),
      'progress record: progress: member "holder": there is no holder "nobody"',
      'no such holder');
fails(cv(qw(progress record --holder h --class none --learn 1)),
      'progress record: progress: member "class": there is no class "none"',
      'no such class');
misused(cv('progress', 'list'), qr/: --holder is expected; /, 'whose list');
fails(cv(qw(progress list --holder nobody)),
      'progress list: there is no holder "nobody"', 'of nobody');

is(cv('export')->{out}, $export, 'nothing has changed');


# Whoever is the last at once issues one, not two

{
    done_ok(cv('holder', 'set', 'racer', '--name', 'R'), 'a holder');

    my @jobs = map { start('--store', $store, qw(progress record --holder racer
                           --class web --practice 75 --learn 22)) } 1 .. 8;
    is(scalar(grep { finish($_)->{status} != 0 } @jobs), 0, 'all say so');
    is(scalar(grep { $_->{holder} eq 'racer' } credentials()), 1, 'one is issued');
}

done_ok(cv('check'), 'the store is whole');

done_testing();
