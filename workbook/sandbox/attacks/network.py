"""Ways out of the machine, and to its other programs."""

import socket

from workbook.sandbox.attacks import Target, attack, first


@attack("connects to a port of the machine")
def _(target: Target) -> object:
    with socket.create_connection(("127.0.0.1", target["tcp"]), timeout=1):
        return target["tcp"]


@attack("sends a datagram to the machine")
def _(target: Target) -> object:
    # Whether it arrived is for the receiver to say.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        return sender.sendto(b"hello", ("127.0.0.1", target["udp"]))


@attack("reaches an abstract socket")
def _(target: Target) -> object:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("\0" + target["abstract"])
        return target["abstract"]


@attack("reaches a socket outside by its path")
def _(target: Target) -> object:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(target["socket"])
        return target["socket"]


@attack("opens sockets of other families")
def _(target: Target) -> object:
    netlink, packet, kernel_crypto, virtual_machine = 16, 17, 38, 40
    raw, datagram, in_sequence = 3, 2, 5

    def opened(family: int, kind: int) -> int:
        with socket.socket(family, kind):
            return family

    return first(
        (
            lambda: opened(netlink, raw),
            lambda: opened(packet, datagram),
            lambda: opened(kernel_crypto, in_sequence),
            lambda: opened(virtual_machine, datagram),
        )
    )
