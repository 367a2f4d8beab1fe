from collections.abc import Callable
from typing import ParamSpec, TypeVar

_Parameters = ParamSpec('_Parameters')
_Result = TypeVar('_Result')

def catch_errors(
    function: Callable[_Parameters, _Result],
) -> Callable[_Parameters, _Result]: ...
