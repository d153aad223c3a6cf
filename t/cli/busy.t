# Import beside readers and writers, killed, interrupted, from a slow pipe;
# what it takes of memory.

use strict;
use warnings;

use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);
use FindBin;
use IO::Handle;
use lib "$FindBin::Bin/../lib";
use POSIX qw(mkfifo);
use Time::HiRes qw(sleep time);

use Test::More;
use CredverifyTool;

my $HOLDERS = 67_000;

my @lines = records($HOLDERS);
my $big   = write_file(join '', map { "$_\n" } @lines);
my $count = @lines;

# as an export has them: tokens are found by their hashes

my %of;
push @{ $of{(/"kind":"(\w+)"/)[0]} }, "$_\n" for @lines;
my $grouped = write_file(join '', (map { @{ $of{$_} } } qw(issuer class holder credential)),
                         sort @{ $of{token} });
undef %of;
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

# The first lines of the file through a pipe, a thousand now and then, so that
# an import of them is at work for a while on any machine; then it ends, or
# stays open until the import is gone.

my @feeders;

sub feed {
    my ($lines, $pause, $hold) = @_;
    my $fifo = temp();

    mkfifo($fifo, 0600) or die "$fifo: $!";

    my $pid = fork();
    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        open my $from, '<', $big or POSIX::_exit(1);
        open my $to, '>', $fifo or POSIX::_exit(1);
        $to->autoflush(1);

        while ($lines > 0) {
            print $to join '', map { scalar(<$from>) // '' } 1 .. 1000;
            $lines -= 1000;
            sleep $pause;
        }

        sleep 60 if $hold;
        POSIX::_exit(0);
    }

    push @feeders, $pid;

    return $fifo;
}

END {
    my $status = $?;
    kill 'KILL', @feeders;
    waitpid $_, 0 for @feeders;
    $? = $status;
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
ok(given(read_file($whole)) eq read_file($grouped), 'all are there');

# a sanitizer's shadow and quarantine are memory too

SKIP: {
    skip 'memory was not seen', 1 unless $most;
    skip 'built with a sanitizer', 1
        if read_file($BINARY) =~ /__asan_init/;
    cmp_ok($most, '<', 48 << 10, "memory of its own, $most kB");
}


# Readers see whole batches, and one moment each

$store = init_store();
$job = start('--store', $store, 'import', feed($count, 0.02));

my ($last, $moments, $wrong) = (0, 0, 0);

while (waitpid($job->{pid}, POSIX::WNOHANG()) == 0) {
    my $r = run('--store', $store, 'export');
    my %seen;

    $wrong++ if $r->{status} != 0 || $r->{err} ne '';

    for (split /\n/, $r->{out}) {
        my ($kind, $id) = /"kind":"(\w+)","(?:id|token_sha256|credential)":"(\w+)"/;
        my ($to) = /"(?:holder|credential)":"(\w+)"/;
        $seen{$kind}{$id} = 1;
        $wrong++ if $kind eq 'credential' && !$seen{holder}{$to};
        $wrong++ if $kind =~ /\A(?:token|assertion)\z/ && !$seen{credential}{$to};
    }

    my $now = keys %{ $seen{holder} };
    $moments++ if $now > 0 && $now < $HOLDERS;
    $wrong++ if $now < $last;
    $wrong++ if keys %{ $seen{assertion} } != keys %{ $seen{credential} };
    $last = $now;
}

is($?, 0, 'import beside readers');
is($wrong, 0, 'every export was of one moment');
cmp_ok($moments, '>', 0, "$moments of them in between");


# Writers get their turn

$store = init_store();
$job = start('--store', $store, 'import', feed($count, 0.02));

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
    $job = start('--store', $store, 'import', feed(150_000, 0.002, 1));
    wait_for('a commit', file_grows($store));
    sleep rand 0.3;
    kill 'KILL', $job->{pid};

    is(finish($job)->{signal}, 9, "killed, $attempt");
    done_ok(run('--store', $store, 'check'), 'the store is whole');

    my $there = counts($store)->{holder};
    ok($there > 0 && $there < $HOLDERS, "$there of $HOLDERS are there");

    my @had = assertions(run('--store', $store, 'export', '--kind', 'assertion')->{out});

    done_ok(run('--store', $store, 'import', $big), 'running again');

    my $again = temp();
    run('--store', $store, 'export', $again);
    $again = read_file($again);
    ok(given($again) eq read_file($grouped), 'completes it');
    is(join('', (assertions($again))[0 .. $#had]), join('', @had),
       'with the assertions that were there');
}


# Interrupted: it says how far it came

for my $signal ('INT', 'TERM') {
    $store = init_store();
    $job = start('--store', $store, 'import', feed(150_000, 0.002, 1));
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


# A dry run holds nobody up either, nor pins what they want to use again

$job = start('--store', $store, 'import', '--dry-run', '--json', $fifo);
open $writer, '>', $fifo or die "$fifo: $!\n";
$writer->autoflush(1);
print $writer qq({"kind":"issuer","id":"dry","name":"N"}\n);

# once it has read that, it waits

wait_for('it has read', sub { waits($job->{pid}) });

my $beside = start('--store', $store, 'issuer', 'set', 'beside', '--name', 'B');
my $done = wait_until(5, sub { waitpid($beside->{pid}, POSIX::WNOHANG()) });
ok($done, 'a write beside a dry run does not wait');
print $writer qq({"kind":"class","id":"k","issuer":"dry","title":"T"}\n)
              . qq({"kind":"class","id":"l","issuer":"beside","title":"T"}\n);
close $writer;

$r = finish($job);
is("$r->{status} $r->{err}", '0 ', 'the dry run ends well');
like($r->{out}, qr/"records":3,/, 'and knows what is there by then');
finish($beside) unless $done;

$job = start('--store', $store, 'import', '--dry-run', $fifo);
open $writer, '>', $fifo or die "$fifo: $!\n";
$writer->autoflush(1);
print $writer qq({"kind":"issuer","id":"dry","name":"N"}\n);
wait_for('it has read', sub { waits($job->{pid}) });
kill 'TERM', $job->{pid};
$r = finish($job);
is("$r->{status} $r->{err}",
   "1 credverify: import: interrupted after line 1\n", 'interrupted');
close $writer;

sub wait_until {
    my ($seconds, $condition) = @_;
    my $end = time + $seconds;
    sleep 0.01 until $condition->() || time > $end;
    return time <= $end;
}

# asleep, as it is while it has nothing to do

sub waits {
    my ($pid) = @_;
    sleep 0.05;
    return read_proc($pid) =~ /^Name:\s+credverify\n.*^State:\s+S/ms;
}


# A pipe that does not block is waited for, not asked again and again

{
    pipe my $reader, my $end or die;
    fcntl $reader, F_SETFL, O_NONBLOCK | fcntl $reader, F_GETFL, 0;

    my $job = start({ before => sub { POSIX::dup2(fileno $reader, 0) } },
                    '--store', $store, 'import', '-');
    close $reader;
    sleep 0.7;
    syswrite $end, qq({"kind":"issuer","id":"nb","name":"N"}\n);
    sleep 0.3;
    close $end;

    my $before = (times)[2] + (times)[3];
    my $r = finish($job);
    my $took = (times)[2] + (times)[3] - $before;

    is("$r->{status} $r->{err}", '0 ', 'input that would block');
    like($r->{out}, qr/^records +1$/m, 'is all read');

    SKIP: {
        skip 'built with a sanitizer', 1
            if read_file($BINARY) =~ /__asan_init/;
        cmp_ok($took, '<', 0.3, 'and takes no time');
    }
}


# Signals that are ignored stay so, as nohup wants it

for my $signal ('HUP', 'INT') {
    my $job = start({ before => sub { $SIG{$signal} = 'IGNORE' } },
                    '--store', $store, 'import', $fifo);
    open $writer, '>', $fifo or die "$fifo: $!\n";
    $writer->autoflush(1);
    print $writer qq({"kind":"issuer","id":"on $signal","name":"N"}\n);
    wait_for('it has read', sub { waits($job->{pid}) });
    kill $signal, $job->{pid};
    sleep 0.05;
    print $writer qq({"kind":"issuer","id":"after $signal","name":"N"}\n);
    close $writer;
    my $r = finish($job);
    is("$r->{status} $r->{err}", '0 ', "SIG$signal, which is ignored");
    like($r->{out}, qr/^records +2$/m, 'ends nothing');
}


# An export that is interrupted leaves nothing of what it was to write, and
# the file it was to replace

$store = init_store();
run('--store', $store, 'import', $big);

sub interrupted {
    my ($signal, %how) = @_;
    my $place = temp();
    mkdir $place;
    write_file('old', "$place/file");

    my $job = start({ %how }, '--store', $store, 'export', "$place/file");
    my $seen = sub {
        return grep { (readlink || '') =~ m{^\Q$place\E/(?!file)} && -s }
               glob "/proc/$job->{pid}/fd/*";
    };

    ok(wait_until(10, $seen), 'the export is under way');
    kill $signal, $job->{pid};
    my $r = finish($job);
    is($r->{signal}, { INT => 2, TERM => 15, HUP => 1, KILL => 9 }->{$signal},
       "SIG$signal");

    opendir my $dir, $place or die "$place: $!\n";
    is_deeply([grep { !/^\.\.?$/ } readdir $dir], ['file'], 'leaves no file');
    is(read_file("$place/file"), 'old', 'but the one that was there');
}

interrupted($_) for 'INT', 'TERM', 'HUP', 'KILL';

# where every file has a name

SKIP: {
    skip 'no compiler, or a sanitizer', 12 unless shim();

    interrupted($_, under_shim(SHIM_NAMED => 1))
        for 'INT', 'TERM', 'HUP';

    my $named = temp();
    done_ok(run({ under_shim(SHIM_NAMED => 1) }, '--store', $store, 'export',
                $named), 'export there');
    ok(read_file($named) eq run('--store', $store, 'export')->{out}, 'its content');
    is((stat $named)[2] & 07777, 0600, 'its mode');
}

# Long work says on a terminal how far it has come, and nothing elsewhere

SKIP: {
    my ($done, $archive) = (temp(), temp());

    skip 'no script', 9 if system('script --version >/dev/null 2>&1') != 0;
    skip 'no compiler, or a sanitizer', 9 unless shim();

    my $small = load(records(300));
    my $watched = sub {
        my ($how, @command) = @_;
        my $shim = shim();
        my $line = "$how LD_PRELOAD=$shim $BINARY --store $small @command";
        return `script -qec "$line" /dev/null </dev/null`;
    };

    for (['backup', 'SHIM_SLOW=20', 'bytes', 'backup', $archive],
         ['restore', 'SHIM_SLOW=300', 'bytes', 'restore', '--replace', $archive],
         ['export', 'SHIM_SLOW=300', 'bytes', 'export', $done],
         ['import', '', 'lines', 'import', $big])
    {
        my ($name, $how, $unit, @command) = @$_;
        my $said = $watched->($how, @command);
        like($said, qr/\r\e\[K\d+ $unit/, "$name says how far it is");
        like($said, qr/\e\[K(?!\d+ $unit)[^\e]*\z/, 'and then no more');
    }

    is(run({ under_shim(SHIM_SLOW => 300) }, '--store', $small, 'export', '--kind',
           'issuer', $done)->{err}, '', 'nor anything elsewhere');
}

done_testing();
