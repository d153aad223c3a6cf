# Import beside readers and writers, killed, interrupted, from a slow pipe;
# what it takes of memory.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use POSIX qw(mkfifo);
use Time::HiRes qw(sleep time);

use Test::More;
use CredverifyTool;

my $HOLDERS = 67_000;

my @lines = records($HOLDERS);
my $big   = write_file(join '', map { "$_\n" } @lines);
my $count = @lines;
undef @lines;

# waits for something, but not for ever

sub wait_for {
    my ($what, $condition) = @_;
    my $end = time + 30;

    until ($condition->()) {
        if (time > $end) {
            fail("waited in vain: $what");
            return;
        }
        sleep 0.01;
    }
}

sub file_grows {
    my ($store) = @_;
    return sub { -s "$store/data.mdb" > 4 << 20 };
}

sub counts {
    my ($store) = @_;
    my ($stats) = json_lines(run('--store', $store, 'stats', '--json')->{out});
    return $stats;
}


# Memory: bounded, whatever the number of lines

my $store = init_store();
my $job   = start('--store', $store, 'import', $big);
my $most  = 0;

while (waitpid($job->{pid}, POSIX::WNOHANG()) == 0) {
    # until then it is a copy of this one
    my ($anon) = read_proc($job->{pid})
                 =~ /^Name:\s+credverify\n.*^RssAnon:\s+(\d+) kB/ms;
    $most = $anon if $anon && $anon > $most;
    sleep 0.005;
}

sub read_proc {
    my ($pid) = @_;
    open my $in, '<', "/proc/$pid/status" or return '';
    local $/;
    return scalar(<$in>) || '';
}

is($?, 0, "import of $count lines");
my $whole = temp();
done_ok(run('--store', $store, 'export', $whole), 'export');
is(scalar(() = read_file($whole) =~ /\n/g), $count, 'all are there');

# a sanitizer's shadow and quarantine are memory too

SKIP: {
    skip 'memory was not seen', 1 unless $most;
    skip 'built with a sanitizer', 1
        if read_file($BINARY) =~ /__asan_init/;
    cmp_ok($most, '<', 48 << 10, "memory of its own, $most kB");
}


# Readers see whole batches, and one moment each

$store = init_store();
$job = start('--store', $store, 'import', $big);

my ($last, $moments, $wrong) = (0, 0, 0);

while (waitpid($job->{pid}, POSIX::WNOHANG()) == 0) {
    my $r = run('--store', $store, 'export');
    my %seen;

    $wrong++ if $r->{status} != 0 || $r->{err} ne '';

    for (split /\n/, $r->{out}) {
        my ($kind, $id) = /"kind":"(\w+)","(?:id|token_sha256)":"(\w+)"/;
        my ($to) = /"(?:holder|credential)":"(\w+)"/;
        $seen{$kind}{$id} = 1;
        $wrong++ if $kind eq 'credential' && !$seen{holder}{$to};
        $wrong++ if $kind eq 'token' && !$seen{credential}{$to};
    }

    my $now = keys %{ $seen{holder} };
    $moments++ if $now > 0 && $now < $HOLDERS;
    $wrong++ if $now < $last;
    $last = $now;
}

is($?, 0, 'import beside readers');
is($wrong, 0, 'every export was of one moment');
cmp_ok($moments, '>', 0, "$moments of them in between");


# Writers get their turn

$store = init_store();
$job = start('--store', $store, 'import', $big);

my ($writes, $slowest, $failed) = (0, 0, 0);

while (waitpid($job->{pid}, POSIX::WNOHANG()) == 0) {
    my $began = time;
    my $r = run('--store', $store, 'issuer', 'set', "w$writes", '--name', 'W');
    my $took = time - $began;

    $failed++ if $r->{status} != 0;
    $slowest = $took if $took > $slowest;
    $writes++;
}

is($?, 0, 'import beside a writer');
is($failed, 0, 'which never failed');
cmp_ok($writes, '>', 5, "and had $writes turns");
note(sprintf 'the longest took %.0f ms', $slowest * 1000);
is(counts($store)->{issuer}, $writes + 1, 'all are there');


# Killed: the store is whole, and running again completes it

for my $attempt (1 .. 3) {
    $store = init_store();
    $job = start('--store', $store, 'import', $big);
    wait_for('a commit', file_grows($store));
    sleep rand 0.1;
    kill 'KILL', $job->{pid};

    is(finish($job)->{signal}, 9, "killed, $attempt");
    done_ok(run('--store', $store, 'check'), 'the store is whole');

    my $there = counts($store)->{holder};
    ok($there > 0 && $there < $HOLDERS, "$there of $HOLDERS are there");

    done_ok(run('--store', $store, 'import', $big), 'running again');

    my $again = temp();
    run('--store', $store, 'export', $again);
    ok(read_file($again) eq read_file($whole), 'completes it');
}


# Interrupted: it says how far it came

for my $signal ('INT', 'TERM') {
    $store = init_store();
    $job = start('--store', $store, 'import', $big);
    wait_for('a commit', file_grows($store));
    kill $signal, $job->{pid};

    my $r = finish($job);
    is("$r->{status} $r->{signal}", '1 0', "SIG$signal");
    like($r->{err}, qr/\Acredverify: import: interrupted; last committed line: (\d+)\n\z/,
         'error');

    my ($line) = $r->{err} =~ /: (\d+)$/;
    my $stats = counts($store);
    is($stats->{issuer} + $stats->{class} + $stats->{holder}
       + $stats->{credential} + $stats->{token}, $line, 'which is so');
}


# A pipe that dawdles holds nobody up

my $fifo = temp();
mkfifo $fifo, 0600 or die "$fifo: $!\n";

$store = init_store();
$job = start('--store', $store, 'import', $fifo);
open my $writer, '>', $fifo or die "$fifo: $!\n";
$writer->autoflush(1);

print $writer "$ISSUER\n$CLASS\n" . substr $HOLDER, 0, 10;

wait_for('what came is committed', sub { counts($store)->{class} == 1 });

my $began = time;
done_ok(run('--store', $store, 'issuer', 'set', 'w', '--name', 'W'),
        'a write meanwhile');
cmp_ok(time - $began, '<', 5, 'does not wait');

print $writer substr($HOLDER, 10), "\n$CREDENTIAL";
close $writer;

my $r = finish($job);
is("$r->{status} $r->{err}", '0 ', 'the import ends well');
is(counts($store)->{credential}, 1, 'with the last line');


# Interrupted while nothing comes

$job = start('--store', $store, 'import', $fifo);
open $writer, '>', $fifo or die "$fifo: $!\n";
$writer->autoflush(1);
print $writer qq({"kind":"issuer","id":"late","name":"N"}\n);
wait_for('it is there', sub { counts($store)->{issuer} == 3 });
kill 'INT', $job->{pid};
$r = finish($job);
is($r->{status}, 1, 'interrupted while it waits');
like($r->{err}, qr/: interrupted; last committed line: 1\n/, 'error');
close $writer;

done_ok(run('--store', $store, 'check'), 'the store is whole');

done_testing();
