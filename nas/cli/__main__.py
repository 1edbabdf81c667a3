"""`python -m nas.cli` is `nas`, for where scripts are not on the PATH."""

from nas.cli.main import main

if __name__ == "__main__":
    main()
