"""The texts of mails, in all languages of the site."""

from __future__ import annotations

import re

from yeoul.model.event import MailKind

# (subject, text) with the placeholders {name}, {link} and {address}
_EN: dict[MailKind, tuple[str, str]] = {
    "confirm": (
        "Confirm your e-mail address",
        (
            "Hello {name},\n\nplease confirm your e-mail address:\n\n{link}\n\nThe link is valid for 7 days. "
            "If you did not create an account, ignore this mail.\n"
        ),
    ),
    "address_in_use": (
        "You already have an account",
        (
            "Hello {name},\n\nsomeone just tried to use this address for another account. The address still belongs to your account only. "
            "If it was you, log in to your existing account, or reset its password:\n\n{link}\n\nOtherwise, ignore this mail.\n"
        ),
    ),
    "reset": (
        "Reset your password",
        (
            "Hello {name},\n\nchoose a new password here:\n\n{link}\n\nThe link is valid for 2 hours and works once. "
            "If you did not request this, ignore this mail. Your password will not change.\n"
        ),
    ),
    "password_changed": (
        "Your password was changed",
        "Hello {name},\n\nyour password was changed, and all other devices were logged out. If it was not you, reset it now:\n\n{link}\n",
    ),
    "email_changing": (
        "Your e-mail address is about to change",
        (
            "Hello {name},\n\nsomeone who is logged in to your account asked to change its e-mail address to {address}. "
            "If it was not you, change your password now:\n\n{link}\n"
        ),
    ),
    "webhook_off": (
        "A webhook was switched off",
        (
            "Hello {name},\n\nyour webhook {address} was switched off, because deliveries failed for several days, or because its server "
            "asked for no more deliveries. When the server works again, switch the webhook on here:\n\n{link}\n"
        ),
    ),
}
_KO: dict[MailKind, tuple[str, str]] = {
    "confirm": (
        "이메일 주소를 확인해 주세요",
        (
            "{name}님, 안녕하세요.\n\n아래 링크를 열어 이메일 주소를 확인해 주세요.\n\n{link}\n\n링크는 7일 동안 유효합니다. "
            "가입하신 적이 없다면 이 메일을 무시하셔도 됩니다.\n"
        ),
    ),
    "address_in_use": (
        "이미 계정이 있습니다",
        (
            "{name}님, 안녕하세요.\n\n방금 누군가 이 주소를 다른 계정에 사용하려고 했습니다. "
            "이 주소는 계속 회원님의 계정에만 연결되어 있습니다. "
            "본인이 시도하셨다면 기존 계정으로 로그인하거나 아래에서 비밀번호를 재설정해 주세요.\n\n{link}\n\n"
            "아니라면 이 메일을 무시해 주세요.\n"
        ),
    ),
    "reset": (
        "비밀번호 재설정",
        (
            "{name}님, 안녕하세요.\n\n아래 링크에서 새 비밀번호를 정해 주세요.\n\n{link}\n\n링크는 2시간 동안 한 번만 쓸 수 있습니다. "
            "요청하신 적이 없다면 이 메일을 무시해 주세요. 비밀번호는 바뀌지 않습니다.\n"
        ),
    ),
    "password_changed": (
        "비밀번호가 변경되었습니다",
        (
            "{name}님, 안녕하세요.\n\n비밀번호가 변경되었고 다른 모든 기기에서 로그아웃되었습니다. "
            "본인이 변경하지 않았다면 지금 바로 재설정해 주세요.\n\n{link}\n"
        ),
    ),
    "email_changing": (
        "이메일 주소 변경 요청",
        (
            "{name}님, 안녕하세요.\n\n회원님의 계정에서 이메일 주소를 {address}(으)로 바꾸려는 요청이 있었습니다. "
            "본인이 아니라면 지금 바로 비밀번호를 변경해 주세요.\n\n{link}\n"
        ),
    ),
    "webhook_off": (
        "웹훅이 꺼졌습니다",
        (
            "{name}님, 안녕하세요.\n\n웹훅 {address}이(가) 꺼졌습니다. 며칠 동안 전송에 실패했거나 "
            "서버가 더 이상 받지 않겠다고 응답했기 때문입니다. 서버가 다시 작동하면 여기에서 웹훅을 켜 주세요.\n\n{link}\n"
        ),
    ),
}


def compose(kind: MailKind, language: str | None, *, name: str, link: str, address: str) -> tuple[str, str]:
    """Returns (subject, text) of a mail; in English if there is no translation."""
    subject, text = (_KO if language == "ko" else _EN)[kind]
    return subject, text.format(name=name, link=link, address=address)


def make_safe_name(display_name: str, handle: str) -> str:
    """Returns the name for the greeting of a mail: the display name, or the handle if the display name could become a link.

    Mail programs turn words with dots or slashes into links, so an attacker could sign up with another person's address and a URL as the
    display name.
    """
    if re.fullmatch(r"[\w '\u2019\u00b7-]+(?:\. [\w '\u2019\u00b7-]+)*\.?", display_name):
        return display_name
    return handle.replace(".", " ")
