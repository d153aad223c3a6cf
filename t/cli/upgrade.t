# credverify upgrade: a store of an older format

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;
use CredverifyTool;

# the number of the format, in every page that has it

sub set_format {
    my ($store, $to) = @_;
    my $data = read_file("$store/data.mdb");
    my $n = $data =~ s/format\x00\x00\x00./format\x00\x00\x00$to/gs;
    die "the format stands there $n times\n" unless $n;
    write_file($data, "$store/data.mdb");
}

my $class = $CLASS =~ s/\}$/,"number_format":"N-{seq}"}/r;
my $store = load($ISSUER, $class, $HOLDER,
                 $CREDENTIAL =~ s/\}$/,"number":"N-7"}/r);
my $lines = run('--store', $store, 'export')->{out};

done_ok(my $r = run('--store', $store, 'upgrade'), 'a current store');
my ($format) = $r->{out} =~ /^to +(\d+)$/m;
is($r->{out}, "store           $store\nfrom            $format\n"
   . "to              $format\n", 'has nothing to do');
is_deeply([json_lines(run('--store', $store, 'upgrade', '--json')->{out})],
          [{ store => $store, from => $format, to => $format, new => undef }],
          'as JSON');

set_format($store, "\1");

fails(run('--store', $store, @$_), "$_->[0]: $store: the store's format is 1, "
      . qq(not $format; run "credverify upgrade"), "$_->[0] of an older one")
    for ['export'], ['import', '/dev/null'], ['stats'], ['check'];

done_ok($r = run('--store', $store, 'upgrade'), 'upgrade');
like($r->{out}, qr/\Astore +\Q$store\E\nfrom +1\nto +$format\nnew +tables for tiers, /,
     'says what it did');
is(run('--store', $store, 'export')->{out}, $lines, 'all is there');
done_ok(run('--store', $store, 'check'), 'and whole');
done_ok(run('--store', $store, 'upgrade'), 'again');

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
