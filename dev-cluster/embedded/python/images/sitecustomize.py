"""Pods' Python: servers that ask for all interfaces get the loopback one. Containers are processes of this machine, and
what they serve is nobody else's. Every Python imports this module as it starts, so it imports nothing itself and looks
only at modules that the program imports."""
import sys

WILDCARDS = ("", "0.0.0.0", "::")
# As gRPC and JAX write them: [::]:8081, 0.0.0.0:8081, :8081.
WILDCARD_PREFIXES = ("[::]", "0.0.0.0", "*", "")


def loopback(address):
    host, colon, port = address.rpartition(":") if isinstance(address, str) else (None, "", "")
    is_wildcard = colon and host in WILDCARD_PREFIXES and port.isdigit()
    return f"127.0.0.1:{port}" if is_wildcard else address


def patch_socket(module):
    original = module.socket.bind

    def bind(self, address):
        if self.type == module.SOCK_STREAM and isinstance(address, tuple) and address[0] in WILDCARDS:
            if self.family == module.AF_INET:
                address = ("127.0.0.1", *address[1:])
            elif self.family == module.AF_INET6:
                # One that serves IPv4 as well goes on to do so: that is how pods are called.
                is_v6_only = self.getsockopt(module.IPPROTO_IPV6, module.IPV6_V6ONLY)
                address = ("::1" if is_v6_only else "::ffff:127.0.0.1", *address[1:])
        return original(self, address)

    module.socket.bind = bind


def patch_uvloop(module):
    original = module.Loop.create_server

    def create_server(self, protocol_factory, host=None, port=None, **options):
        has_address = options.get("sock") is None and port is not None
        if has_address and (host is None or host in WILDCARDS):
            host = "127.0.0.1"
        return original(self, protocol_factory, host, port, **options)

    module.Loop.create_server = create_server


def patch_ports(server):
    for name in ("add_insecure_port", "add_secure_port"):
        original = getattr(server, name)

        def add_port(self, address, *more, _original=original):
            return _original(self, loopback(address), *more)

        setattr(server, name, add_port)


def patch_jax(module):
    original = module.get_distributed_runtime_service

    def get_distributed_runtime_service(address, *more, **options):
        return original(loopback(address), *more, **options)

    module.get_distributed_runtime_service = get_distributed_runtime_service


PATCHES = {
    "socket": patch_socket,
    "uvloop": patch_uvloop,
    "grpc._server": lambda module: patch_ports(module._Server),
    "grpc.aio._server": lambda module: patch_ports(module.Server),
    "jaxlib._jax": patch_jax,
}


class PatchingLoader:
    def __init__(self, loader, patch):
        self.loader = loader
        self.patch = patch

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)
        # Whoever looks at the module finds its own loader.
        module.__loader__ = module.__spec__.loader = self.loader
        try:
            self.patch(module)
        except Exception as error:
            print(f"slipway: {module.__name__} may listen on all interfaces: {error!r}", file=sys.stderr)


class PatchingFinder:
    def find_spec(self, name, path, target=None):
        patch = PATCHES.get(name)
        if patch is None:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader = PatchingLoader(spec.loader, patch)
                return spec
        return None


sys.meta_path.insert(0, PatchingFinder())
if "socket" in sys.modules:
    patch_socket(sys.modules["socket"])
