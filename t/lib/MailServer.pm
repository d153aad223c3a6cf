package MailServer;

# A mail server of Debian's, exim, as nobody in particular: on a loopback port, with a
# configuration, a spool and a mailbox in a directory of its own. What it takes is a file
# for each message; what it refuses is what its recipients are called:
#
#     stranger@...      550 to the recipient
#     bulk@...          554 to the message
#     tomorrow@...      451 to the recipient, as long as file("later") is there

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use MIME::Parser;
use POSIX ();
use Time::HiRes qw(sleep time);

my $root = dirname(__FILE__) . '/../..';

# Debian's is installed setuid, and would drop what lets it run as anybody.

sub binary {
    my ($dir) = @_;
    my ($exim) = grep { -x } "$root/build/exim/usr/sbin/exim4",
        map({ ("$_/exim4", "$_/exim") } split(/:/, $ENV{PATH}), '/usr/sbin');

    die "no exim: run \"make deps\"\n" unless $exim;
    system('cp', $exim, "$dir/exim") == 0 && chmod 0755, "$dir/exim" or die "exim: $!\n";

    return "$dir/exim";
}

# It looks for a user that only the installed package has.

sub write_users {
    my ($dir, $uid, $gid) = @_;
    write_file("$dir/passwd", "root:x:0:0::/:/bin/false\nDebian-exim:x:$uid:$gid\::/:/bin/false\n");
    write_file("$dir/group", "root:x:0:\nDebian-exim:x:$gid:\n");
}

sub write_file {
    my ($file, $text) = @_;
    open my $out, '>', $file or die "$file: $!\n";
    print $out $text;
    close $out or die "$file: $!\n";
}

sub slurp {
    my ($file) = @_;
    open my $in, '<:raw', $file or return '';
    local $/;
    return scalar <$in>;
}

sub configuration {
    my ($self) = @_;
    my ($dir, $uid, $gid, $port) = @$self{qw(dir uid gid port)};
    my $tls = !$self->{certificate} ? "tls_advertise_hosts =\n" : <<"TLS";
tls_advertise_hosts = *
tls_certificate = $self->{certificate}
tls_privatekey = $self->{key}
TLS

    return <<"END";
primary_hostname = mx.example
exim_user = $uid
exim_group = $gid
never_users =
spool_directory = $dir/spool
log_file_path = $dir/log/%s
log_selector = +smtp_protocol_error +smtp_syntax_error +tls_cipher
pid_file_path = $dir/pid
daemon_smtp_ports = $port
local_interfaces = 127.0.0.1
host_lookup =
rfc1413_hosts =
keep_environment =
deliver_drop_privilege = true
smtp_enforce_sync = false
acl_smtp_mail = sender
acl_smtp_rcpt = recipient
acl_smtp_data = message
$tls
begin acl
sender:
  deny condition = \${if exists{$dir/login}}
       !authenticated = *
       message = 530 5.7.0 Who is there?
  accept
recipient:
  deny local_parts = stranger
       message = 550 5.1.1 <\$local_part\@\$domain> is nobody I know; ask \$local_part
  defer local_parts = tomorrow
       condition = \${if exists{$dir/later}}
       message = 451 4.7.1 Come back later, <\$local_part\@\$domain>
  accept
message:
  deny condition = \${if match{\$recipients}{^bulk}}
       message = 554 5.7.1 That looks like spam
  accept
begin routers
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  directory = $dir/box
  maildir_format
  envelope_to_add
  user = $uid
  group = $gid
begin retry
* * F,1h,1m
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and {{eq{\$auth2}{badges}}{eq{\$auth3}{open sesame}}}}
  server_advertise_condition = \${if def:tls_in_cipher}
END
}

# new(certificate => FILE, key => FILE): with them it speaks TLS, by STARTTLS

sub new {
    my ($class, %options) = @_;
    my ($uid, $gid) = $> == 0 ? (getpwnam 'www-data')[2, 3] : ($>, $) + 0);
    my $dir = tempdir('cv_mail.XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $self = bless { %options, dir => $dir, uid => $uid, gid => $gid, owner => $$ }, $class;

    mkdir "$dir/$_" or die "$_: $!\n" for qw(spool log box);

    $self->{port} = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')->sockport;
    $self->{binary} = binary($dir);
    write_users($dir, $uid, $gid);

    for my $what (qw(certificate key)) {
        next unless $self->{$what};
        system('cp', $self->{$what}, "$dir/$what") == 0 or die "cp: $?\n";
        $self->{$what} = "$dir/$what";
    }

    write_file("$dir/conf", $self->configuration());
    system('chown', '-R', "$uid:$gid", $dir) == 0 or die "chown: $?\n" if $> == 0;
    $self->start();

    return $self;
}

sub start {
    my ($self) = @_;
    my ($dir, $until) = ($self->{dir}, time + 20);

    $self->{pid} = fork // die "fork: $!\n";

    if ($self->{pid} == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$dir/out";
        open STDERR, '>&', \*STDOUT;

        if ($> == 0) {
            $) = "$self->{gid} $self->{gid}";
            POSIX::setgid($self->{gid});
            POSIX::setuid($self->{uid});
        }

        chdir $dir;
        %ENV = (LD_PRELOAD => 'libnss_wrapper.so', NSS_WRAPPER_PASSWD => "$dir/passwd",
                NSS_WRAPPER_GROUP => "$dir/group");
        exec $self->{binary}, '-C', "$dir/conf", '-bdf' or POSIX::_exit(99);
    }

    until (IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port})) {
        die 'exim: ' . slurp("$dir/out") . $self->log()
            if time > $until || waitpid($self->{pid}, POSIX::WNOHANG()) != 0;
        sleep 0.05;
    }
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    local $?;
    kill 'TERM', $pid;
    waitpid $pid, 0;
}

sub DESTROY {
    my ($self) = @_;
    $self->stop() if $self->{owner} == $$;
}

sub file { return "$_[0]{dir}/$_[1]" }

sub log { return join '', map { slurp($_) } glob "$_[0]{dir}/log/*" }

# The messages that have come, the oldest first, once there are so many: each is
# MIME::Entity's, with the file that it was read from in "file".

sub messages {
    my ($self, $count) = @_;
    my ($until, @files) = time + 20;

    while ((@files = glob "$self->{dir}/box/new/*") < $count && time < $until) {
        sleep 0.02;
    }

    my $parser = MIME::Parser->new();
    $parser->output_to_core(1);

    return map { my $is = $parser->parse_data(slurp($_)); $is->{file} = $_; $is }
           sort { -M $b <=> -M $a || $a cmp $b } @files;
}

sub forget { unlink glob "$_[0]{dir}/box/new/*" }

1;
