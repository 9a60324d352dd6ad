"""How many files and connections the process may have open."""

MANY = 65_536  # where the system names no bound
FEW = 10_240  # what macOS grants where it names none


def raise_limit() -> int | None:
    """Have as many file descriptors as the system lets this process have; how many that are, None
    where the system does not count them (Windows)."""
    try:
        import resource
    except ImportError:
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    bounds = (hard,) if hard != resource.RLIM_INFINITY else (MANY, FEW)
    for bound in bounds:
        if soft != resource.RLIM_INFINITY and soft >= bound:
            break
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (bound, hard))
        except (ValueError, OSError):
            continue
        break
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft
