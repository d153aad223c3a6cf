# Numbers that credverify gives credentials

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use POSIX qw(strftime);
use Test::More;
use CredverifyTool;

my $YEAR = strftime('%Y', gmtime);

sub class_line {
    my ($id, $format) = @_;
    return qq({"kind":"class","id":"$id","issuer":"i","title":"T",)
        . qq("number_format":"$format"});
}

sub numbered {
    my ($id, $class, $number) = @_;
    return qq({"kind":"credential","id":"$id","class":"$class","holder":"h",)
        . qq("status":"issued","number":"$number"});
}

my @base = ($ISSUER, class_line('web', 'W-{year}-{seq:6}'), $HOLDER);
our $store = load(@base);

sub cv {
    return run('--store', $store, @_);
}

sub number_of {
    my ($r, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    done_ok($r, $name);
    return (json_lines($r->{out}))[0]{number};
}

sub issue {
    return cv('credential', 'create', '--class', 'web', '--holder', 'h',
              '--status', 'issued', '--json', @_);
}

sub sequences {
    return cv('export', '--kind', 'sequence')->{out};
}


# The next one, by create and by issue, in the year of the date on it

is(number_of(issue(), 'create'), "W-$YEAR-000001", 'the first');
is(number_of(issue(), 'create'), "W-$YEAR-000002", 'the second');

done_ok(cv('credential', 'create', '--class', 'web', '--holder', 'h', '--id', 'd'),
        'a draft');
ok(!exists((json_lines(cv('credential', 'show', 'd', '--json')->{out}))[0]{number}),
   'has none');
is(number_of(cv('credential', 'issue', 'd', '--json'), 'issue'),
   "W-$YEAR-000003", 'the third');
is(number_of(issue('--issued-at', '2019-12-31T23:59:59Z'), 'of another year'),
   'W-2019-000001', 'begins anew');
is(number_of(issue('--issued-at', '2019-12-31T23:59:59-00:01'), 'at its end'),
   'W-2020-000001', 'years are UTC');
is(number_of(issue('--number', "W-$YEAR-000100"), 'given'), "W-$YEAR-000100",
   'as it is');
is(number_of(issue('--number', 'OWN'), 'another'), 'OWN', 'as it is');
is(number_of(issue(), 'create'), "W-$YEAR-000101", 'one above the highest');

fails(issue('--number', "W-$YEAR-000101"),
      qr/"number": "W-$YEAR-000101" belongs to another credential already/,
      'a number that is given');
fails(issue('--id', 'd'), qr/there is a credential "d" already/, 'a refusal');
is(number_of(issue(), 'create'), "W-$YEAR-000102", 'takes none');

is(sequences(), join('', map {
       qq({"kind":"sequence","class":"web","year":$_->[0],"last":$_->[1]}\n)
   } [2019, 1], [2020, 1], [$YEAR, 102]), 'the sequences');
done_ok(cv('check'), 'the store is whole');


# What is imported counts, and lowers nothing

sub import_lines {
    my ($r) = run({ in => join('', map { "$_\n" } @_) }, '--store', $store,
                  'import', '-');
    done_ok($r, 'import');
}

import_lines(numbered('x1', 'web', "W-$YEAR-000200"),
             numbered('x2', 'web', "W-$YEAR-000150"));
is(number_of(issue(), 'create'), "W-$YEAR-000201", 'after an import');

import_lines(qq({"kind":"sequence","class":"web","year":$YEAR,"last":300}));
is(number_of(issue(), 'create'), "W-$YEAR-000301", 'after a sequence');

import_lines(qq({"kind":"sequence","class":"web","year":$YEAR,"last":5}),
             numbered('x3', 'web', "W-$YEAR-000005"));
is(number_of(issue(), 'create'), "W-$YEAR-000302", 'none is lowered');

my $export = cv('export')->{out};
my $other = load(split /\n/, $export);
is(run('--store', $other, 'export')->{out}, $export, 'it goes on elsewhere');


# Other formats

done_ok(cv('class', 'set', 'plain', '--issuer', 'i', '--title', 'T',
           '--number-format', 'P{seq}'), 'without a year');
is(number_of(run('--store', $store, qw(credential create --class plain --holder h
                 --status issued --json)), 'create'), 'P1', 'the first');

for ('P', '{year}', 'P{seq', '{seq}{seq}', '{month}{seq}', '{seq:0}',
     '{seq:19}')
{
    misused(cv('class', 'set', 'plain', '--number-format', $_),
            qr/class: member "number_format" must have one \{seq\} or \{seq:N\}, /,
            "no format: $_");
    fails(run({ in => class_line('wrong', $_) }, '--store', $store, 'import', '-'),
          qr/: line 1: class: member "number_format" must have one \{seq\}/,
          'nor in an import');
}


# A class of which others have the numbers, by another format

done_ok(cv('class', 'set', 'late', '--issuer', 'i', '--title', 'T'), 'a class');
done_ok(cv(qw(credential create --class late --holder h --status issued
              --number L-41)), 'with a number');
done_ok(cv('class', 'set', 'late', '--number-format', 'L-{seq}'),
        'gets a format');
is(number_of(cv(qw(credential create --class late --holder h --status issued
                   --json)), 'create'), 'L-42', 'it goes on from there');


# However many issue at once, nobody gets the number of another

{
    my ($writers, $each) = (6, 12);
    my @jobs;

    for my $writer (1 .. $writers) {
        my $pid = fork;
        die "fork: $!\n" unless defined $pid;

        if ($pid == 0) {
            open STDOUT, '>', '/dev/null' or POSIX::_exit(1);

            for my $n (1 .. $each) {
                system($BINARY, '--store', $store, qw(credential create --class
                       web --holder h --status issued --id), "p$writer-$n",
                       '--issued-at', '2031-01-01') == 0 or POSIX::_exit(1);
            }
            POSIX::_exit(0);
        }

        push @jobs, $pid;
    }

    # and an import beside them that raises the sequence

    import_lines(numbered('beside', 'web', 'W-2031-000500'));

    my $failed = grep { waitpid($_, 0) != $_ || $? } @jobs;
    is($failed, 0, 'every one was issued');

    my @numbers = map { $_->{number} }
        grep { $_->{kind} eq 'credential' && $_->{id} =~ /^p\d+-/ }
        json_lines(cv('export')->{out});
    my %seen = map { $_ => 1 } @numbers;

    is(scalar @numbers, $writers * $each, 'all are there');
    is(scalar keys %seen, $writers * $each, 'each number once');
    is(scalar(grep { !/\AW-2031-\d{6}\z/ } @numbers), 0, 'as the class has them');
    like(sequences(), qr/"year":2031,"last":5\d\d/, 'one sequence');
    done_ok(cv('check'), 'the store is whole');
}

# tests take no number, and one that they are given raises nothing

{
    local $store = load(@base);
    my @create = (qw(credential create --json --class web --holder h --status issued --issued-at 2026-01-01));

    is(number_of(cv(@create, qw(--test true)), 'a test'), undef, 'a test has no number');
    is(number_of(cv(@create, qw(--test true --number W-2026-000777)), 'a test with one'), 'W-2026-000777',
       'but one that it is given');
    is(number_of(cv(@create), 'no test'), 'W-2026-000001', 'who comes next has the first');
    done_ok(cv('check'), 'the store is whole');
}

done_testing();
