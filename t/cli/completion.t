# bash completion: what it offers is what the command says of itself.

use strict;
use warnings;

use Cwd qw(abs_path);
use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;
use CredverifyTool;

my $script = abs_path("$FindBin::Bin/../../dist/credverify.bash");
my $place = temp();

mkdir $place;
mkdir "$place/a dir";
write_file('', "$place/$_") for 'a file', 'records.jsonl';

# what bash offers for the last of these words, which readline has cut

sub offered {
    my @words = @_;
    my $bash = <<'END';
set -u
cd "$1" && . "$2" || exit
shift 2
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
[[ $(complete -p credverify) == *" -F _credverify credverify" ]] || exit
_credverify "$1" "${!#}" "${*: -2:1}"
printf '%s\n' "${COMPREPLY[@]}"
END
    open my $pipe, '-|', 'bash', '--norc', '-c', $bash, 'bash', $place, $script,
        $BINARY, @words or die "bash: $!";
    chomp(my @offered = <$pipe>);
    close $pipe or die "completion of @words failed";
    return [sort grep { $_ ne '' } @offered];
}

# offers([expected], words)

sub offers {
    my ($expected, @words) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply(offered(@words), [sort @$expected], "credverify @words");
}

sub options_of {
    return [map { /^  (--\S+)/ } split /\n/, run(@_, '--help')->{out}];
}


# Every command, and every option of it

my @commands = map { [split / /, (split /  /)[0]] }
               split /\n/, run('help', '--all')->{out};
my %verbs;

push @{ $verbs{$_->[0]} }, $_->[1] // () for @commands;

offers([keys %verbs], '');
offers([keys %verbs], 'help', '');
offers([keys %verbs], '--json', '--store', 'x', '');

for (sort grep { @{ $verbs{$_} } } keys %verbs) {
    offers($verbs{$_}, $_, '');
    offers($verbs{$_}, 'help', $_, '');
}

for (@commands) {
    offers([$_->[-1]], @$_);
    offers(options_of(@$_), @$_, '-');
    offers([], 'help', @$_, '') if @$_ == 2;
}

cmp_ok(scalar @commands, '>=', 22, 'all were tried');
offers(options_of(), '--');
offers([], 'nonsense', '');
offers([], 'nonsense', 'x', '');
offers([], 'token', 'nonsense', '');


# Values, wherever the option stands

my @levels = qw(full masked);

offers(\@levels, qw(token new --privacy), '');
offers(['masked'], qw(token new --privacy m));
offers(\@levels, qw(token new x --privacy =));
offers(['masked'], qw(token new --privacy = m));
offers(['--privacy=full'], qw(token new --privacy=f));
offers([qw(30 60 90)], qw(--json token new --privacy full --days), '');
offers(['never'], qw(token new x --expires-at), '');
offers([], qw(token new x --nonsense =), '');
offers(['--privacy'], qw(token new --days = 30 --p));
offers([qw(id code number public-id assertion)], qw(credential show x --by), '');
offers(['false'], qw(class set x --listed = f));
offers(['--level', '--level-label'], qw(class set x --listed --le));
offers(['--level', '--level-label'], qw(class set x --listed true --le));
offers(['--level', '--level-label'], qw(class set x --name --le --le));
offers([(getpwuid(0))[0]], qw(init --owner), (getpwuid(0))[0]);
offers([(getgrgid(0))[0]], qw(init --group), (getgrgid(0))[0]);
offers([], qw(init --map-size), '');

# what "export --kind" takes is all that it offers

my $store = init_store();

for (@{ offered(qw(export --kind), '') }) {
    done_ok(run('--store', $store, 'export', '--kind', $_), "--kind $_");
}

my ($lines) = read_file("$FindBin::Bin/../../README.md")
              =~ /^## JSON Lines$(.*?)^## /ms;
my @kinds = $lines =~ /^\*\*([a-z_]+)\*\*/mg;
offers(\@kinds, qw(export --kind), '');


# Files and directories, with spaces in them

offers(['a dir', 'a file', 'records.jsonl'], 'import', '');
offers(['records.jsonl'], qw(export --kind token rec));
offers(['a dir'], '--store', '');
offers(['a dir'], '--store', '=', 'a');
offers([], 'import', 'records.jsonl', 'rec');


# Nothing more is expected but options; after "--" not even those

offers(options_of('stats'), 'stats', '');
offers(options_of(qw(token new)), qw(token new x), '');
offers([], qw(token new), '');
offers([], qw(token new x --), '');
offers([], qw(token new -- --));
offers([qw(new list revoke)], qw(-- token), '');


# In a terminal, where readline cuts the words

{
    my ($bin, $keys, $said) = (temp(), temp(), temp());

    mkdir $bin;
    symlink $BINARY, "$bin/credverify" or die "symlink: $!";
    write_file(". $script\nPATH=$bin:\$PATH\n"
               . "credverify token rev\t--he\t\nexit\n", $keys);
    system("TERM=dumb timeout 60 script -qec 'bash --norc --noprofile -i' "
           . "$said <$keys >/dev/null 2>&1");
    like(read_file($said),
         qr/^Usage: credverify \[--store DIR\] token revoke /m,
         'two tabs make a command whole');
}

done_testing();
