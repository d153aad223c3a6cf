# Pictures under load: each is drawn once, whoever waits for it; there is an end
# to how many wait; and clients, workers and whole nginxes may go away meanwhile.

use strict;
use warnings;

use lib 't/lib';
use IO::Select;
use Test::More;
use Time::HiRes qw(sleep time);
use Credverify;
use Http2;
use LiveCommand;
use LiveNginx;
use Png;

my $store = Credverify::store();

# What the argument says is in the picture. The colour is that of its top left.

my $card = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 630">'
    . '<rect width="1200" height="630" fill="#123456"/>'
    . '<text x="40" y="90" font-size="40" font-family="DejaVu Sans" fill="#fff">'
    . '{{class.title}} {{holder.name}} {{links.x}}</text>%s</svg>';
my $views = Credverify::views(
    fine => { 'verify.card.svg' => sprintf $card, '' },
    wrong => { 'verify.card.svg' => sprintf $card, '&nothing;' },
);

sub nginx {
    my (%is) = @_;

    return LiveNginx->start(
        workers => $is{workers} || 1, level => $is{level} || 'notice',
        main => Png::load() . " thread_pool credverify threads=@{[ $is{threads} || 2 ]};",
        http => "credverify_png cache=@{[ $is{cache} || '8m' ]};",
        server => ($is{http2} ? "listen 127.0.0.1:$is{http2} http2;" : '') . "
            credverify_store $store;
            credverify_views $views;
            credverify_view fine;
            credverify_max_age 1h;
            credverify_link x \$arg_x;
            location = /v { credverify_verify code=\$arg_code; }
            location = /wrong { credverify_view wrong; credverify_verify code=\$arg_code; }");
}

sub picture {
    my ($x) = @_;
    return "/v?code=C-valid&format=png&x=$x";
}

# Sends all the requests, each on a connection of its own, then reads the answers:
# [status, body, head] of each.

sub all_at_once {
    my ($nginx, @paths) = @_;

    my @sockets = map {
        my $socket = $nginx->connect or die "connect: $!";
        print $socket "GET $_ HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
        $socket;
    } @paths;

    return map { answer($_) } @sockets;
}

sub answer {
    my ($socket) = @_;
    my $answer = '';

    while (IO::Select->new($socket)->can_read(60)) {
        sysread($socket, $answer, 1 << 20, length $answer) or last;
    }

    my ($head, $body) = split /\r\n\r\n/, $answer, 2;
    my ($status) = ($head // '') =~ m{^HTTP/1\.1 (\d+)};
    return [$status || 0, $body // '', $head // ''];
}

# how many pictures were given to threads, as nginx itself says

sub drawn {
    my ($nginx) = @_;
    return scalar(() = $nginx->errors =~ /task #\d+ added to thread pool "credverify"/g);
}

# what nobody should find in a log, in one where nothing was wrong

sub complaints {
    my ($nginx) = @_;
    return join '', grep { /\[(?:warn|error|crit|alert|emerg)\]|Fontconfig|GLib|Pango/ }
                    split /^/m, $nginx->errors . $nginx->slurp("$nginx->{prefix}/stderr");
}

sub wait_for {
    my ($is_so) = @_;

    for (1 .. 400) {
        return 1 if $is_so->();
        sleep 0.05;
    }

    return 0;
}


# What a picture is

{
    my $nginx = nginx();
    my ($status, $png, $head) = $nginx->get(picture('one'));
    my $image = Png::read($png);

    is($status, 200, 'a picture');
    is(ref $image, 'HASH', 'which can be read') or diag $image;
    is("$image->{width}x$image->{height}", '1200x630', 'as large as it says');

    my @rows = Png::rows($image, 100);
    my $bpp = $image->{channels};
    is(unpack('H6', $rows[0]), '123456', 'it has the colour of the card');
    is(scalar(grep { unpack('H6', substr $_, 0, $bpp) ne '123456' } @rows), 0,
       'down to below the text');
    my $white = () = join('', @rows) =~ /\xff\xff\xff/g;
    cmp_ok($white, '>', 500, 'there is text');
    cmp_ok($white, '<', 50_000, 'and more than that');

    is($nginx->stop, 0, 'nginx ends well');
    is(complaints($nginx), '', 'and said nothing');
}


# Each is drawn once

SKIP: {
    skip 'nginx without debugging', 8
        unless `$ENV{TEST_NGINX_BINARY} -V 2>&1` =~ /--with-debug/;

    my $nginx = nginx(level => 'debug', cache => '100k');
    my @answers = all_at_once($nginx, (picture('same')) x 30, (picture('other')) x 10);

    is(scalar(grep { $_->[0] == 200 } @answers), 40, 'forty ask at once');
    is(scalar(keys %{{ map { $_->[1] => 1 } @answers }}), 2, 'for two pictures');
    is(drawn($nginx), 2, 'each is drawn once');

    my ($status, $again) = $nginx->get(picture('same'));
    is($again, $answers[0][1], 'later it is the same');
    is(drawn($nginx), 2, 'and not drawn again');

    # a picture is some 10 KB, or a few of them fill the cache

    $nginx->get(picture("fill$_")) for 1 .. 30;
    is(drawn($nginx), 32, 'thirty others are drawn');
    ($status, $again) = $nginx->get(picture('same'));
    is($again, $answers[0][1], 'then it is again the same');
    is(drawn($nginx), 33, 'but had to make room, and is drawn again');
    $nginx->get(picture('fill30'));
    is(drawn($nginx), 33, 'the last one had not');
    is($nginx->stop, 0, 'nginx ends well');
}


# Too many

{
    my $nginx = nginx();
    my @answers = all_at_once($nginx, map { picture($_) } 1 .. 200);
    my %by = (200 => [], 503 => []);
    push @{$by{$_->[0]}}, $_ for @answers;

    is(@{$by{200}} + @{$by{503}}, 200, 'two hundred pictures: done or refused');
    cmp_ok(scalar @{$by{200}}, '>=', 64, 'so many are drawn');
    cmp_ok(scalar @{$by{503}}, '>=', 1, 'not all of them');
    is(scalar(grep { !ref Png::read($_->[1]) } @{$by{200}}), 0, 'those are pictures');
    is(scalar(grep { $_->[2] !~ /^Retry-After: 1\r?$/m || $_->[2] !~ /^Cache-Control: no-store\r?$/m
                         || $_->[1] !~ /^<svg / } @{$by{503}}), 0,
       'the others are told when to come back');
    is($nginx->status(picture(200)), 200, 'and get it then');
    like($nginx->errors, qr/\[warn\].*64 pictures are being drawn, and ".*verify" is not/,
         'the log tells');
    is($nginx->stop, 0, 'nginx ends well');
}


# What can not be drawn

{
    my $nginx = nginx(workers => 2);
    my $wrong = '/wrong?code=C-valid&format=png';
    my @answers = all_at_once($nginx, (($wrong) x 20, picture('fine')) x 2);

    is(join(' ', map { $_->[0] } @answers), join(' ', ((500) x 20, 200) x 2),
       'nobody gets a picture that can not be drawn, and others do');
    is($nginx->status($wrong), 500, 'nor later');
    my $path = quotemeta $views;
    like($nginx->errors, qr/\[error\].*credverify: "$path\/wrong\/verify" can not be drawn: /,
         'the log tells why');
    unlike($nginx->errors, qr/code=/, 'and not who asked for what');
    is($nginx->stop, 0, 'nginx ends well');
}


# Clients that do not wait

{
    my $nginx = nginx(threads => 1);

    for my $round (1 .. 3) {
        my @sockets;

        for (1 .. 40) {
            my $socket = $nginx->connect or die "connect: $!";
            print $socket 'GET ' . picture("gone$round-" . $_ % 20) . " HTTP/1.1\r\nHost: test\r\n\r\n";
            push @sockets, $socket;
        }

        # some are reset, for what they are sent is not read

        sleep 0.05 if $round == 2;
        close $_ for @sockets;
        is($nginx->status(picture("stays$round")), 200, 'forty clients went away');
    }

    is($nginx->stop, 0, 'nginx ends well');
    is(complaints($nginx), '', 'and said nothing');
}


# Connections that are used again, and several requests at a time

{
    my $nginx = nginx();
    my $socket = $nginx->connect;
    my @paths = (picture('a'), '/v?code=C-valid&format=json', picture('a'), picture('b'),
                 '/v?code=C-valid&format=card&x=b', picture('a'));

    print $socket join '', map { "GET $paths[$_] HTTP/1.1\r\nHost: test\r\n"
        . ($_ == $#paths ? "Connection: close\r\n" : '') . "\r\n" } 0 .. $#paths;

    my $answers = answer($socket);
    my $all = "$answers->[2]\r\n\r\n$answers->[1]";
    is(scalar(() = $all =~ /HTTP\/1\.1 200 OK/g), 6, 'six requests on a connection');
    my @types = $all =~ /^Content-Type: (\S+)\r$/mg;
    is("@types", 'image/png application/json image/png image/png image/svg+xml image/png', 'in their order');

    # a body that comes while the picture is drawn

    $socket = $nginx->connect;
    print $socket 'GET ' . picture('body') . " HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhe";
    sleep 0.01;
    print $socket "llo";
    print $socket 'GET ' . picture('body') . " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    $answers = answer($socket);
    $all = "$answers->[2]\r\n\r\n$answers->[1]";
    is(scalar(() = $all =~ /HTTP\/1\.1 200 OK/g), 2, 'a body that comes late is passed over');

    is($nginx->stop, 0, 'nginx ends well');
    is(complaints($nginx), '', 'and said nothing');
}


# HTTP/2

{
    my $nginx = nginx(http2 => my $port = LiveCommand::free_port());
    my $h2 = Http2->new($port);
    my @streams = map { $h2->get(picture($_ % 4)) } 1 .. 12;

    is($h2->finish(@streams), '', 'twelve at once on one connection of HTTP/2');
    is(join(' ', map { $h2->{status}{$_} } @streams), join(' ', (200) x 12), 'are answered');
    is(scalar(grep { !ref Png::read($h2->{body}{$_}) } @streams), 0, 'with pictures');

    # streams that are cancelled, and a connection that is gone with all that it has

    @streams = map { $h2->get(picture("cancelled$_")) } 1 .. 20;
    $h2->cancel($_) for @streams;
    @streams = map { $h2->get(picture("cancelled$_")) } 1 .. 20;
    $h2->cancel($streams[$_]) for 0 .. 9;
    is($h2->finish(@streams[10 .. 19]), '', 'of forty, thirty are cancelled');

    for (1 .. 3) {
        $h2 = Http2->new($port);
        $h2->get(picture("gone$_")) for 1 .. 20;
        sleep 0.03;
        undef $h2;
    }

    is($nginx->status(picture('after')), 200, 'who is gone is not waited for');
    is($nginx->stop, 0, 'nginx ends well');
    is(complaints($nginx), '', 'and said nothing');
}


# Workers that are to end

sub waiting {
    my ($nginx, $n, $name) = @_;

    my @sockets = map {
        my $socket = $nginx->connect or die "connect: $!";
        print $socket 'GET ' . picture("$name$_") . " HTTP/1.1\r\nHost: test\r\n\r\n";
        $socket;
    } 1 .. $n;

    sleep 0.1;
    return @sockets;
}

{
    my $nginx = nginx(threads => 1);
    my @sockets = waiting($nginx, 30, 'quit');
    $nginx->signal('QUIT');
    my @answers = map { answer($_) } @sockets;

    is(scalar(grep { $_->[0] == 200 && ref Png::read($_->[1]) } @answers), 30,
       'a worker that is to end draws what was asked for before');
    is($nginx->stop, 0, 'then it ends');
    is(complaints($nginx), '', 'and says nothing');
}

for my $round (1 .. 5) {
    my $nginx = nginx(threads => 2, workers => 2);
    my @sockets = waiting($nginx, 30, 'term');
    $nginx->signal('TERM');
    is($nginx->stop, 0, 'one that is told to end now does');
    is(complaints($nginx), '', 'and says nothing');
}

{
    my $nginx = nginx(threads => 1, workers => 2);
    my @before = $nginx->workers;

    for my $round (1 .. 5) {
        my @sockets = waiting($nginx, 10, "reload$round");
        $nginx->signal('HUP');
        my @answers = map { answer_of($_) } @sockets;
        is(scalar(grep { $_ } @answers), 10, 'a reload loses no picture');
    }

    my %before = map { $_ => 1 } @before;
    ok(wait_for(sub { !grep { $before{$_} } $nginx->workers }), 'the old workers end');
    is($nginx->stop, 0, 'nginx ends well');
    is(complaints($nginx), '', 'and said nothing');
}

# one answer of a connection that stays open

sub answer_of {
    my ($socket) = @_;
    my $answer = '';

    while (IO::Select->new($socket)->can_read(60)) {
        sysread($socket, $answer, 1 << 20, length $answer) or last;
        my ($length) = $answer =~ /^Content-Length: (\d+)\r$/m or next;
        my ($head, $body) = split /\r\n\r\n/, $answer, 2;
        return ref Png::read($body) if defined $body && length $body == $length;
    }

    return 0;
}

done_testing();
