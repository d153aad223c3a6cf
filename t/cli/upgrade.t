# credverify upgrade: a store of an older format

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;
use CredverifyTool;
use OldStore;

# the number of the format, in every page that has it

sub set_format {
    my ($store, $to) = @_;
    my $data = read_file("$store/data.mdb");
    my $n = $data =~ s/format\x00\x00\x00./format\x00\x00\x00$to/gs;
    die "the format stands there $n times\n" unless $n;
    write_file($data, "$store/data.mdb");
}

my $store = load($ISSUER, $CLASS, $HOLDER, $CREDENTIAL);

done_ok(my $r = run('--store', $store, 'upgrade'), 'a current store');
my ($format) = $r->{out} =~ /^to +(\d+)$/m;
is($r->{out}, "store           $store\nfrom            $format\n"
   . "to              $format\n", 'has nothing to do');
is_deeply([json_lines(run('--store', $store, 'upgrade', '--json')->{out})],
          [{ store => $store, from => $format, to => $format, new => undef }],
          'as JSON');

my $sequence = qq({"kind":"sequence","class":"c","year":0,"last":7}\n);
my %new = (1 => 'tables for tiers, ', 2 => 'counters of API keys, ', 3 => 'assertions of Open Badges, ',
           4 => 'tables for events, ');

for my $from (sort keys %new) {
    my $old = old_store($from, temp());

    fails(run('--store', $old, @$_), "$_->[0]: $old: the store's format is $from, "
          . qq(not $format; run "credverify upgrade"), "$_->[0] of format $from")
        for ['export'], ['import', '/dev/null'], ['stats'], ['check'];

    done_ok($r = run('--store', $old, 'upgrade'), 'upgrade');
    like($r->{out}, qr/\Astore +\Q$old\E\nfrom +$from\nto +$format\nnew +$new{$from}/,
         'says what it did');
    like($r->{out}, qr/\btables for events, deliveries and answers$/, 'to the last');

    my $lines = run('--store', $old, 'export')->{out};
    is(given($lines), join('', @OLD_LINES, $sequence), 'all is there');
    is(scalar(assertions($lines)), 3, 'with an assertion for each credential');
    done_ok(run('--store', $old, 'check'), 'and whole');
    done_ok(run('--store', $old, 'upgrade'), 'again');
    is(run('--store', $old, 'export')->{out}, $lines, 'changes nothing');

    # what is new gets its own, and what another platform gave replaces one

    my $given = '{"kind":"assertion","credential":"y","id":"Given-1","salt":"s"}';
    done_ok(run({ in => ($CREDENTIAL =~ s/"x"/"new"/r) . "\n$given\n" },
                '--store', $old, 'import', '-'), 'import');
    my @now = assertions(run('--store', $old, 'export')->{out});
    my @was = assertions($lines);
    is(join('', @now[0 .. 2]), "$was[0]$given\n$was[2]", 'one is replaced');
    like($now[3], qr/"credential":"new"/, 'one more is there');
    done_ok(run('--store', $old, 'check'), 'and it is whole');
}

set_format($store, "\x7f");

fails(run('--store', $store, 'upgrade'), "upgrade: $store: the store's format is "
      . "127, not $format; it needs a newer version of credverify", 'a newer one');

fails(run('--store', '/nonexistent', 'upgrade'),
      qr{: upgrade: /nonexistent/data\.mdb: }, 'none');
misused(run('--store', $store, 'upgrade', 'x'), qr/: "x" is more than is expected/,
        'an argument');

SKIP: {
    skip 'only root can be someone else', 2 unless $> == 0;

    my $foreign = init_store('--owner', '12345', '--group', '12345');
    set_format($foreign, "\1");
    fails(run({ as => 12346 }, '--store', $foreign, 'upgrade'),
          qr/: upgrade: \S+: Permission denied; /, 'whose it is not');
    done_ok(run({ as => 12345 }, '--store', $foreign, 'upgrade'), 'whose it is');
}

done_testing();
