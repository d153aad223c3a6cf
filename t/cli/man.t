# The manual page: made from what the command says, whole, and without a
# warning from its formatter.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;
use CredverifyTool;

my $root = "$FindBin::Bin/../..";

# dist/man of a command: exit status, page, errors

sub page_of {
    my ($tool) = @_;
    my $errors = temp();
    my $page = `$root/dist/man $tool 2>$errors`;
    return ($? >> 8, $page, read_file($errors));
}

# as a terminal shows it, and what the formatter complains of

sub formatted {
    my ($page) = @_;
    my $file = write_file($page);
    my $errors = temp();
    local $ENV{MANWIDTH} = 200;
    my $text = `man --warnings -E ascii --nh --nj -l -P cat $file 2>$errors`;
    $text =~ s/.\x08//g;
    return ($text, $? . read_file($errors));
}

my ($status, $page, $errors) = page_of($BINARY);
is("$status $errors", '0 ', 'the page is made');

my ($text, $warnings) = formatted($page);
is($warnings, '0', 'no warnings');
unlike($text, qr/\@/, 'nothing is left to fill in');

my ($version) = run('--version')->{out} =~ /^credverify (\S+)$/;
like($page, qr/^\.TH CREDVERIFY 1 "\d{4}-\d\d-\d\d" "credverify \Q$version\E"/m,
     'version and date');

like($text, qr/^$_$/m, "section $_")
    for 'NAME', 'SYNOPSIS', 'DESCRIPTION', 'OPTIONS', 'COMMANDS', 'EXIT STATUS',
        'ENVIRONMENT', 'FILES', 'EXAMPLES', 'SEE ALSO';


# Every command with what its help says

my ($commands) = $text =~ /^COMMANDS\n(.*?)^EXIT STATUS$/ms;
my %section = $commands =~ /^ {3}(\S.*)\n((?: {4}.*\n|\n)*)/mg;
my @names = map { (split /  /)[0] } split /\n/, run('help', '--all')->{out};

is_deeply([sort keys %section], [sort @names], 'every command is there');

for my $name (@names) {
    my $help = run(split(/ /, $name), '--help')->{out};
    my ($usage, $says, $options) = $help =~
        /^Usage: \S+ \[--store DIR\] ([^\n]*)\n\n(.*?)\n(?:Options:\n(.*?)\n)?Options of/s;

    my $has = $section{$name};
    s/\s+/ /g for $says, $usage, $has;

    like($has, qr/^ credverify \Q$usage\E /, "$name: usage");
    like($has, qr/\Q$says\E/, "$name: what it does");

    my @options = map { /^  (--\S+)/ } split /\n/, $options // '';
    is_deeply([$section{$name} =~ /^ {7}(--[a-z-]+)/mg], \@options,
              "$name: options");
}

like($text, qr/^ +--store DIR\n? +where the store is; \$CREDVERIFY_STORE/m,
     'an option of every command');
is(scalar(() = $text =~ /where the store is/g), 1, 'once');


# What commands may say

sub says {
    my ($all, $help) = @_;
    my $tool = write_file("#!/bin/sh\ncase \$* in\n"
        . "--version) echo credverify $version ;;\n"
        . "help\\ --all) cat <<'END'\n${all}END\n;;\n"
        . "*) cat <<'END'\n${help}END\nesac\n");
    chmod 0700, $tool;
    return $tool;
}

($status, $page, $errors) = page_of(says("go  go on\n", <<'END'));
Usage: credverify [--store DIR] go [OPTIONS] FROM-TO [DIR|-]

Go on.

.TH is no macro here, nor 'is, and \n is no line:

  an  example
  --as it is

Options:
  --a-rather-long one|Two|[three]
                            which of all, in
                            two lines
  --none
  --map "COLUMN=member,..."  quoted

Options of every command:
  --json                    \fBJSON\fP
END

is("$status $errors", '0 ', 'another command');
($text, $warnings) = formatted($page);
is($warnings, '0', 'no warnings');
like($text, qr/^   go\n       credverify go \[OPTIONS\] FROM-TO \[DIR\|-\]\n\n       Go on\.\n/m,
     'its usage');
like($text, qr/^       \.TH is no macro here, nor 'is, and \\n is no line:\n/m,
     'text stands for itself');
like($text, qr/^ +an  example\n +--as it is\n/m, 'what is indented stays');
like($text, qr/^       --a-rather-long one\|Two\|\[three\]\n {14}which of all, in two lines\n/m,
     'an explanation of two lines');
like($text, qr/^       --none\n/m, 'no explanation');
like($text, qr/^       --map "COLUMN=member,\.\.\."\n {14}quoted\n/m,
     'a synopsis with spaces');
like($text, qr/\\fBJSON\\fP/, 'no font changes');

for (["go  go on\n", "nothing\n", qr/\Ago: no usage\n/],
     ["go  go on\n", "Usage: credverify stay\n", qr/\Ago: its usage is of another\n/],
     ["go  go on\n", "Usage: credverify go\n\nOptions:\nodd\n",
      qr/\Ago: unknown line in its help: odd\n/])
{
    my ($status, $page, $errors) = page_of(says(@$_[0, 1]));
    isnt($status, 0, 'help that is not understood');
    is($page, '', 'makes no page');
    like($errors, $_->[2], 'error');
}

$version = '99.0.0';
($status, $page, $errors) = page_of(says('', ''));
isnt($status, 0, 'a version that CHANGES does not begin with');
is($page, '', 'makes no page');
like($errors, qr/\ACHANGES begins with another version than 99\.0\.0/, 'error');

done_testing();
