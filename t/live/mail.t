# Credentials sent by mail, through a real mail server, and read back by another parser

use strict;
use warnings;
use utf8;

use Encode qw(decode decode_utf8 encode_utf8);
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP;
use MIME::Base64 qw(decode_base64);
use Test::More;
use Time::HiRes qw(sleep time);

use CredverifyTool;
use MailServer;
use Png;
use Structure;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);

my $json = JSON::PP->new->utf8->canonical;
my $views = "$FindBin::Bin/../../conf-examples/views";
my $link = 'https://verify.example/v?number={number}&id={id}';

# Every name, title and description is one of these.

my @texts = (
    'Jane Smith',
    'José Müller-Łukasiewicz',
    '漢字 資格認定 テスト',
    'שלום עולם',
    "\x{1f393} graduate",
    '"Pepe", the <b>bold</b> & \\brave\\',
    "O'Neil; Jr. (née X) [y]: z, <a\@b.example>",
    "A\r\nBcc: evil\@example.com\r\n\r\nGone",
    "B\nSubject: other\n.\nQUIT\n",
    "C\rX: y\x{85}Z: a\x{2028}b\x{2029}c\x0bd\x0ce",
    '=?UTF-8?B?QmNjOiB4?= =?x?Q?y?=',
    ' spaces around ',
    '.',
    '..dots at the beginning',
    '{{holder.email}} {{{x}}} ${x}',
    "<script>alert('x')</script><img src=x onerror=y>",
    'x' x 300,
    '漢' x 300,
    'word ' x 180,
    "tab\there \x01 bell \x7f end",
);

sub line { return $json->encode({@_}) }

my @lines = (line(kind => 'issuer', id => 'i', name => 'Plain Issuer'));

for my $n (0 .. $#texts) {
    my $text = $texts[$n];
    push @lines,
        line(kind => 'issuer', id => "i$n", name => $text, url => 'https://i.example/?a=1&b=2'),
        line(kind => 'class', id => "c$n", issuer => "i$n", title => $text, description => $text),
        line(kind => 'holder', id => "h$n", name => $text, email => "h$n\@mail.example"),
        line(kind => 'credential', id => "x$n", class => "c$n", holder => "h$n", status => 'issued',
             issued_at => '2026-11-02', score => $text, number => "N/$n ?&#ä");
}

my $store = load(@lines, $ISSUER, $CLASS, map {
    line(kind => 'holder', id => $_, name => 'Jane', email => "$_\@mail.example"),
    line(kind => 'credential', id => $_, class => 'c', holder => $_, status => 'issued',
         issued_at => '2026-11-02', number => uc),
} qw(stranger bulk tomorrow down tls login revoked picture));

sub cv { return run('--store', $store, @_) }

sub send_it {
    my ($id) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    done_ok(cv('credential', 'send', $id), "$id is to be sent");
}

sub options {
    my ($server, %with) = @_;
    my %options = (smtp => "smtp://127.0.0.1:$server->{port}/credverify.example",
                   'mail-from' => 'badges@issuer.example', link => $link, views => $views,
                   'smtp-tls' => 'off', %with);

    return map { ("--$_", $options{$_}) } grep { defined $options{$_} } sort keys %options;
}

sub deliver { return cv('deliver', '--once', options(@_)) }

sub dead { return json_lines(cv('mail', 'dead', '--json')->{out}) }

# What is in a field, decoded, and in a part, with its lines as they end.

sub field {
    my ($message, $name) = @_;
    my @values = $message->head->get_all($name);
    is(scalar @values, 1, "one $name") or return '';
    return decode('MIME-Header', $values[0] =~ s/\r?\n(?=[ \t])//gr =~ s/\r?\n\z//r);
}

sub part {
    my ($message, $type) = @_;
    my ($part) = grep { $_->mime_type eq $type } $message->parts_DFS;
    return $part ? decode_utf8($part->bodyhandle->as_string) : undef;
}

# What a text is on a line: controls are spaces.

sub plain { return $_[0] =~ s/[\x00-\x1f\x7f-\x9f\x{2028}\x{2029}]/ /gr }


# whatever they are called

{
    my $server = MailServer->new();

    send_it("x$_") for 0 .. $#texts;
    done_ok(deliver($server), 'all are sent');

    my %message = map { (field($_, 'Envelope-To') =~ /\Ah(\d+)@/)[0] // 'other' => $_ }
                  $server->messages(scalar @texts);
    is(join(' ', sort { $a <=> $b } keys %message), "@{[0 .. $#texts]}", 'everybody has one');

    my %ids;

    for my $n (0 .. $#texts) {
        subtest "message $n: " . plain(substr $texts[$n], 0, 40) => sub {
            my ($message, $text) = ($message{$n}, plain($texts[$n]));

            is(join(' ', sort map { lc } $message->head->tags),
               'auto-submitted content-type date envelope-to from message-id mime-version received '
               . 'subject to', 'no field more');
            is(field($message, 'Envelope-To'), "h$n\@mail.example", 'one recipient');

            my ($to, $from) = map { field($message, $_) } qw(To From);
            my $name = qr/"?(.*?)"? <([^<>]*)>\z/s;
            my ($to_name, $to_address) = $to =~ $name;
            my ($from_name, $from_address) = $from =~ $name;

            s/\\(.)/$1/g for grep { !/[^ -~]/ && length() < 80 && $texts[$n] !~ /=\?/ } $to_name, $from_name;
            is($to_name, $text, 'to whom, by name');
            is($to_address, "h$n\@mail.example", 'and address');
            is($from_name, $text, 'from whom, by name');
            is($from_address, 'badges@issuer.example', 'and address');
            is(field($message, 'Subject'), "Your credential from $text: $text", 'subject');
            like(field($message, 'Date'), qr/\A[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} 20\d\d \d\d:\d\d:\d\d \+0000\z/,
                 'date');
            like(field($message, 'Message-ID'), qr/\A<evt_[0-9a-f]{32}\@issuer\.example>\z/, 'id');
            ok(!$ids{field($message, 'Message-ID')}++, 'of its own');

            my ($head) = MailServer::slurp($message->{file}) =~ /\A(.*?)\r?\n\r?\n/s;
            is((grep { length > ($_ =~ /boundary=/ ? 998 : 78) || /[^\t -~]/ } split /\r?\n/, $head)[0], undef,
               'no line is too long, or not ASCII');

            is(join(' ', map { $_->mime_type } $message->parts_DFS),
               'multipart/related multipart/alternative text/plain text/html image/png', 'parts');

            my $is = part($message, 'text/plain');
            my $url = "https://verify.example/v?number=N%2F$n%20%3F%26%23%C3%A4&id=x$n";

            like($is, qr/^Dear \Q$text\E,$/m, 'text: the name');
            like($is, qr/^    \Q$text\E$/m, 'the title');
            like($is, qr/^    Issued:   2 November 2026$/m, 'the date');
            like($is, qr/^\Q$url\E$/m, 'the link, alone on its line');
            unlike($is =~ s/\Q$text\E//gr, qr/[<>]|cid:|&\w+;/, 'no tag and no reference');
            unlike($is, qr/^(?:Bcc|Subject|X|Z):/m, 'no line begun by a value');

            my $html = part($message, 'text/html');
            my ($elements, $values) = Structure::html($html);

            unlike($html, qr/<(?:script|b>|img src=x)/, 'HTML: no tag of a value');
            is(() = $html =~ /<img /g, 1, 'one image');
            like($html, qr/<a href="\Q${\ ($url =~ s{&}{&amp;}gr) }\E">/, 'the link');

            my ($picture) = grep { $_->mime_type eq 'image/png' } $message->parts_DFS;
            my ($id) = $picture->head->get('Content-ID') =~ /<(.*)>/;
            like($html, qr/<img src="cid:\Q$id\E"/, 'shows the picture that is inside');
            my $png = Png::read($picture->bodyhandle->as_string);
            is(ref $png ? "$png->{width} $png->{height}" : $png, '1200 630', 'which is a card');
        };
    }

    is_deeply([dead()], [], 'nothing is left');
}


# a class's own picture

{
    my $server = MailServer->new();
    my $png = Png::make(64, 32);

    done_ok(cv('class', 'set', 'c', '--image-file', write_file($png)), 'a picture of the class');
    send_it('picture');
    done_ok(deliver($server), 'sent');

    my ($message) = $server->messages(1);
    my ($picture) = grep { $_->mime_type eq 'image/png' } $message->parts_DFS;
    ok($picture->bodyhandle->as_string eq $png, 'as it is');
}


# what a server refuses is over at once, and what may pass is not

{
    my $server = MailServer->new();

    send_it($_) for qw(stranger bulk);
    my $r = deliver($server);
    like("$r->{status} $r->{err}", qr/\A1 .*^credverify: deliver: not delivered: 0 waiting, 2 given up\n\z/ms, 'it goes on');

    my %dead = map { $_->{credential} => $_ } dead();
    is($dead{stranger}{error}, '550 5.1.1 *** is nobody I know; ask ***', 'no such recipient: its words');
    is($dead{bulk}{error}, '554 5.7.1 That looks like spam', 'the message');
    is("$dead{$_}{status} $dead{$_}{attempts}", $_ eq 'bulk' ? '554 1' : '550 1', "$_: at once")
        for qw(stranger bulk);
    unlike($r->{err} . join('', map { $json->encode($_) } values %dead), qr/\@|mail\.example/, 'no address is said');
    like($r->{err}, qr/^credverify: deliver: mail, evt_\w+: 554 5\.7\.1 That looks like spam; attempt 1, the last$/m,
         'that is in the log');

    MailServer::write_file($server->file('later'), '');
    send_it('tomorrow');
    $r = deliver($server);
    my ($id) = $r->{err} =~ /^credverify: deliver: mail, (evt_\w+): 451 4\.7\.1 Come back later, \*\*\*; attempt 1, again at 20\S+Z$/m;
    ok($id, 'later: it is tried again') or diag($r->{err});
    is($r->{err} =~ /\@/, '', 'no address here either');
    is(scalar dead(), 2, 'and not dead');

    unlink $server->file('later');
    my $job = start('--store', $store, 'deliver', options($server));
    my ($message) = $server->messages(1);
    is(field($message, 'Message-ID'), "<$id\@issuer.example>", 'then it comes, with the id of the event');
    kill 'TERM', $job->{pid};
    is(finish($job)->{status}, 0, 'the daemon ends');
}


# a credential that is taken back meanwhile is not sent, nor where nobody answers

{
    my $server = MailServer->new();

    send_it('revoked');
    done_ok(cv('credential', 'revoke', 'revoked'), 'and is revoked');
    my $r = deliver($server);
    like($r->{err}, qr/: the credential is not valid: revoked; attempt 1, the last$/m, 'not sent');
    $server->stop();

    send_it('down');
    $r = deliver($server);
    like($r->{err}, qr/^credverify: deliver: mail, evt_\w+: [^\n]*onnect[^\n]*; attempt 1, again at /m, 'the server is down');

    $server->start();
    my $job = start('--store', $store, 'deliver', options($server));
    is(field(($server->messages(1))[0], 'Envelope-To'), 'down@mail.example', 'and up again');
    kill 'TERM', $job->{pid};
    finish($job);
}


# TLS, and a login

my $ca = temp();
mkdir $ca or die;
chmod 0755, $ca;

sub openssl { system("openssl @_ 2>$ca/said") == 0 or die 'openssl: ' . read_file("$ca/said") }

openssl("req -x509 -newkey rsa:2048 -nodes -subj /CN=Test -days 2 -keyout $ca/ca.key -out $ca/ca.pem");
openssl("req -newkey rsa:2048 -nodes -subj /CN=mx -keyout $ca/key -out $ca/csr");
write_file("subjectAltName=IP:127.0.0.1\n", "$ca/ext");
openssl("x509 -req -in $ca/csr -CA $ca/ca.pem -CAkey $ca/ca.key -CAcreateserial -days 2 -extfile $ca/ext -out $ca/pem");

{
    my $server = MailServer->new(certificate => "$ca/pem", key => "$ca/key");
    my $plain = MailServer->new();

    send_it('tls');
    my $r = deliver($plain, 'smtp-tls' => undef);
    like($r->{err}, qr/: [^\n]*STARTTLS[^\n]*; attempt 1, again at /m, 'TLS is required, and not offered');
    is($plain->log() =~ /<=/, '', 'nothing was sent');

    send_it('tls');
    $r = deliver($server, 'smtp-tls' => undef);
    like($r->{err}, qr/: [^\n]*certificate[^\n]*; attempt 1, again at /m, 'a certificate of nobody we know');
    is($server->log() =~ /<=/, '', 'nothing was sent');

    send_it('tls');
    $r = deliver($server, 'smtp-tls' => undef, 'ca-file' => "$ca/ca.pem");
    unlike($r->{err}, qr/attempt/, 'of one that we know');
    is(field(($server->messages(1))[0], 'Envelope-To'), 'tls@mail.example', 'by STARTTLS');
    like($server->log(), qr/<= badges\@issuer\.example .* X=TLS1\.[23]:/, 'it was encrypted');
    $server->forget();

    MailServer::write_file($server->file('login'), '');
    my $login = write_file("badges\nopen sesame\n");
    my $wrong = write_file("badges\r\nsesame open\r\n");
    my $short = write_file("badges\n");
    chmod 0600, $login, $wrong, $short;

    my @tls = ('smtp-tls' => undef, 'ca-file' => "$ca/ca.pem");

    send_it('login');
    $r = deliver($server, @tls);
    like($r->{err}, qr/: 530 5\.7\.0 Who is there\?; attempt 1, again at /m, 'who does not log in may yet do so');

    send_it('login');
    $r = deliver($server, @tls, 'smtp-login' => $wrong);
    like($r->{err}, qr/: 535 [^\n]*; attempt 1, again at /m, 'nor is a wrong password for ever');
    unlike($r->{err}, qr/sesame|@{[ MIME::Base64::encode_base64("\0badges\0sesame open", '') ]}/, 'which is not said');

    send_it('login');
    my $job = start('--store', $store, 'deliver', options($server, @tls, 'smtp-login' => $login));
    my ($message) = $server->messages(1);
    is(field($message, 'Envelope-To'), 'login@mail.example', 'with a login');
    unlike(MailServer::slurp("/proc/$job->{pid}/cmdline"), qr/sesame/, 'others do not see the password');
    kill 'TERM', $job->{pid};
    unlike(finish($job)->{err}, qr/sesame/, 'nor does it come into a log');
    like($server->log(), qr/<= badges\@issuer\.example .* A=plain /, 'it was logged in');

    chmod 0644, $login;
    like(deliver($server, @tls, 'smtp-login' => $login)->{err}, qr/everybody can read it/, 'a file for everybody');
    chmod 0600, $login;
    like(deliver($server, 'smtp-login' => $login)->{err}, qr/TLS is required only/, 'not without TLS');
    fails(deliver($server, @tls, 'smtp-login' => $short), qr/two lines/, 'no password');
}


# what nobody sends is said: at the end, or once by who goes on

{
    my $others = load($ISSUER, $CLASS, line(kind => 'holder', id => 'h', name => 'Jane', email => 'h@mail.example'),
        line(kind => 'credential', id => 'x', class => 'c', holder => 'h', status => 'issued', issued_at => '2026-11-02', number => 'N'));
    my @others = ('--store', $others);

    done_ok(run(@others, 'deliver', '--once'), 'no mail is no trouble');

    my $job = start(@others, 'deliver');
    done_ok(run(@others, 'credential', 'send', 'x'), 'to be sent') for 1, 2;
    sleep 1;
    done_ok(run(@others, 'credential', 'send', 'x'), 'to be sent');
    sleep 1;
    kill 'TERM', $job->{pid};
    my $r = finish($job);
    is($r->{status}, 0, 'the daemon ends');
    like($r->{err}, qr/\Acredverify: deliver: mail: [12] waiting; none is sent without --smtp\n\z/, 'and said it once');

    fails(run(@others, 'deliver', '--once'), 'deliver: mail: 3 waiting; none is sent without --smtp', 'in the end');

    my $server = MailServer->new();
    done_ok(run(@others, 'deliver', '--once', options($server)), 'with a server they are sent');
}


# options

misused(cv('deliver', '--once', '--link', 'https://x'), qr/needs --smtp/, 'mail without --smtp');
misused(cv('deliver', '--once', '--smtp', 'smtp://x'), qr/--mail-from/, 'from nobody');
misused(cv('deliver', '--once', '--smtp', 'smtp://x', '--mail-from', 'a@b', '--smtp-tls', 'no'),
        qr/required, offered or off/, 'no such TLS');
fails(cv('deliver', '--once', '--smtp', 'smtp://u:p@x', '--mail-from', 'a@b', '--views', $views),
      qr/do not belong/, 'a password that all see');
fails(cv('deliver', '--once', '--smtp', 'smtp://x', '--mail-from', "a\@b\nX: y", '--views', $views),
      qr/a space or a control/, 'from a forged field');

done_ok(cv('check'), 'the store is whole');
done_testing();
