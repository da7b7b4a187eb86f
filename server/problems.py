"""What a program is told when something goes wrong: RFC 9457 problem details, in Chinese or English."""

from dataclasses import dataclass
from typing import Any

import structlog
from flask import Response, current_app, g, request
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from engine import errors
from engine.errors import IcityError

MEDIA_TYPE = "application/problem+json"
# The rest of the facts is for the log.
SHOWN_FACTS = ("fields", "findings", "cells", "position", "expected", "why", "draft", "conflict")
RETRY_SECONDS = 5
LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Reply:
    """The status of a problem, its name in the type URI, and its title in Chinese; None: the error's docstring."""

    status: int
    slug: str
    zh: str
    en: str | None = None


REPLIES: dict[type[Exception], Reply] = {
    errors.IcityError: Reply(500, "internal", "系统出错了。"),
    errors.NotFound: Reply(404, "not-found", "没有这一项，或您无权查看。"),
    errors.NotAllowed: Reply(403, "not-allowed", "您无权执行此操作。"),
    errors.SignInRefused: Reply(401, "sign-in-refused", "用户名或密码错误，或账号已锁定。"),
    errors.SignInNeeded: Reply(401, "sign-in-needed", "请先登录。"),
    errors.CodeNeeded: Reply(401, "code-needed", "密码正确，还须输入动态验证码。"),
    errors.CodeRefused: Reply(401, "code-refused", "验证码错误、已经用过，或者尝试次数过多。"),
    errors.FactorRefused: Reply(409, "factor-refused", "不能这样设置双因子验证。"),
    errors.TaskClosed: Reply(409, "task-closed", "该任务已由他人办结。"),
    errors.TaskClaimed: Reply(409, "task-claimed", "该任务已被他人领取。"),
    errors.AnswersRefused: Reply(422, "answers-refused", "表单有误，未保存任何内容。"),
    errors.ModelRefused: Reply(422, "model-refused", "该流程不能部署。"),
    errors.ExpressionRefused: Reply(422, "expression-refused", "表达式无法理解或过大。"),
    errors.ExpressionFailed: Reply(422, "expression-failed", "表达式无法用这些数据求值。"),
    errors.DecisionFailed: Reply(422, "decision-failed", "决策表对这些数据没有唯一答案。"),
    errors.StepFailed: Reply(422, "step-failed", "流程的一个步骤失败了。"),
    errors.StateDamaged: Reply(500, "state-damaged", "该流程保存的状态已损坏或格式未知。"),
    errors.BudgetSpent: Reply(422, "budget-spent", "流程一次走的步数超过了上限。"),
    errors.InstanceEnded: Reply(409, "instance-ended", "该流程已经结束。"),
    errors.InstanceSuspended: Reply(409, "instance-suspended", "该流程已暂停，恢复后才能继续。"),
    errors.OperationRefused: Reply(409, "operation-refused", "按流程目前的状况，无法这样处理。"),
    errors.AssigneeUnknown: Reply(422, "assignee-unknown", "流程图为该任务指定的单位或人员不存在。"),
    errors.SignalRefused: Reply(422, "signal-refused", "信号无法接收。"),
    errors.MessageRefused: Reply(422, "message-refused", "消息无法接收。"),
    errors.SignatureRefused: Reply(401, "signature-refused", "签名缺失、错误，或时间相差过大。"),
    errors.IdempotencyConflict: Reply(422, "idempotency-conflict", "该 Idempotency-Key 已用于另一请求。"),
    errors.RequestInProgress: Reply(409, "request-in-progress", "带有该 Idempotency-Key 的请求仍在处理。"),
    errors.Busy: Reply(503, "busy", "该流程正在处理另一操作，请稍后再试。"),
    errors.WorkbookRefused: Reply(422, "workbook-refused", "电子表格有误。"),
    errors.SourceRefused: Reply(422, "source-refused", "来函系统不能这样设置。"),
    errors.EndpointOff: Reply(409, "endpoint-off", "该接收地址已停用，请先启用。"),
    errors.AddressRefused: Reply(422, "address-refused", "不允许向该地址发送通知。"),
    errors.SettingsRefused: Reply(500, "settings-refused", "系统设置有误。"),
    errors.CalendarUnknown: Reply(422, "calendar-unknown", "工作日历中没有这一天。"),
    errors.DocumentRefused: Reply(422, "document-refused", "公文不能这样拟制、印发或处理。"),
    errors.FiguresRefused: Reply(422, "figures-refused", "数据不能这样登记或更正。"),
    errors.EvidenceRefused: Reply(422, "evidence-refused", "该文件不能作为证明材料保存。"),
    errors.PackageRefused: Reply(422, "package-refused", "该文件不是合格的归档包。"),
    errors.TitleRefused: Reply(409, "title-refused", "不能这样授予或终止该称号。"),
    errors.RoundRefused: Reply(409, "round-refused", "不能这样开启或推进该轮次。"),
    errors.DivisionsRefused: Reply(422, "divisions-refused", "该区划变更与区划登记不符。"),
    errors.QuotaReached: Reply(409, "quota-reached", "上传的文件已达限额。"),
    errors.ScannerDown: Reply(503, "scanner-down", "病毒扫描服务没有响应，文件未保存，请稍后再试。"),
    errors.PreviewRefused: Reply(422, "preview-refused", "该文件无法预览，请下载后查看。"),
    errors.TooLarge: Reply(413, "too-large", "内容超过可保存的大小。"),
    errors.DraftNewer: Reply(409, "draft-newer", "该任务在别处有更新的草稿。"),
    errors.VotingRefused: Reply(422, "voting-refused", "无法按这一表决规则汇总意见。"),
    errors.SeatRefused: Reply(409, "seat-refused", "您办过本案的前一环节，按回避规定不能办理这一环节。"),
    errors.MapRefused: Reply(422, "map-refused", "该文件不能作为行政区划底图导入。"),
    errors.TaskBound: Reply(409, "task-bound", "该任务还有别的事项须先了结。"),
    errors.ColleagueRefused: Reply(422, "colleague-refused", "不能交给此人。"),
    errors.UrgedAlready: Reply(409, "urged-already", "该任务今天已经催办过；每个工作日只能催办一次。"),
    errors.ObjectionRefused: Reply(422, "objection-refused", "公示期已过，或者公示中没有该单位，不受理异议。"),
    errors.SubstitutionRefused: Reply(422, "substitution-refused", "不能这样委托代理。"),
    errors.VersionSuspended: Reply(409, "version-suspended", "流程的这一版本已暂停，恢复之前不能发起新的事项。"),
    errors.ErrandRefused: Reply(409, "errand-refused", "不能这样提出、确认或停止。"),
    errors.BatchRefused: Reply(422, "batch-refused", "不能这样批量办理，未办理任何一件。"),
    errors.EditConflict: Reply(409, "edit-conflict", "此文件刚被他人保存过，您的修改没有覆盖对方的内容。"),
    errors.RehearsalRefused: Reply(422, "rehearsal-refused", "无法这样演练。"),
    errors.RevisionRefused: Reply(409, "revision-refused", "修改稿目前的状况不允许这样处理。"),
    errors.ChangeoverUndecided: Reply(409, "changeover-undecided", "须先说明正在办理的环节转到新版的哪一环节。"),
    errors.ChangeoverRefused: Reply(409, "changeover-refused", "换版目前的状况不允许这样处理，没有作任何改动。"),
    errors.ChangeoverBlocked: Reply(409, "changeover-blocked", "这件流程无法转到另一版本。"),
    errors.ImportRefused: Reply(422, "import-refused", "该文件不能导入流程。"),
    DataError: Reply(400, "unstorable", "请求中有无法保存的数据。", "The request holds data that cannot be stored."),
    OperationalError: Reply(503, "busy", "系统繁忙，请稍后再试。", "The system is busy; try again shortly."),
    PoolTimeout: Reply(503, "busy", "系统繁忙，请稍后再试。", "The system is busy; try again shortly."),
}
HTTP_TITLES = {
    400: "请求无法理解。",
    401: "请先登录。",
    403: "请求被拒绝。",
    404: "没有这个地址。",
    405: "该地址不接受这种请求。",
    413: "请求过大。",
    415: "请求的格式不受支持。",
    422: "请求的内容不符合要求。",
    429: "请求过于频繁。",
}

_log = structlog.get_logger("icity.problems")


def status(error: Exception) -> int:
    """Return the HTTP status that answers `error`."""
    return _reply(error).status


def reply(error: Exception) -> Response:
    """Return the problem that answers `error`; what nobody foresaw is logged and told without detail."""
    told = _reply(error)
    body = {"type": f"urn:icity:problem:{told.slug}", "title": _title(told, error), "status": told.status}
    response = current_app.response_class(
        current_app.json.dumps(body | _details(error)),
        told.status,
        content_type=MEDIA_TYPE,
        headers=_headers(error, told),
    )
    note(error)
    return response


def sentence(error: Exception, spoken: str) -> str:
    """Return in `spoken` (zh or en) why something was refused: what it names as the reason, else what happened."""
    told, facts = _reply(error), error.facts if isinstance(error, IcityError) else {}
    fields = [text.get(spoken, "") for text in (facts.get("fields") or {}).values()]
    why = facts.get("why")  # a plain text is for the log
    reason = (why.get(spoken) if isinstance(why, dict) else "") or " ".join(dict.fromkeys(fields))
    return reason or _titled(told, error, spoken)


def note(error: Exception) -> None:
    """Log `error` when the fault is ours."""
    told = _reply(error)
    if told.status >= 500:  # noqa: PLR2004 - a fault of ours
        _log.error("request.failed", problem=told.slug, path=request.path, exc_info=error)


def language() -> str:
    """Return zh or en: what the request asks for, else the person's own, else the installation's."""
    spoken = (tag[:2].lower() for tag in request.accept_languages.values())
    asked = next((language for language in spoken if language in LANGUAGES), None)
    own = getattr(g.get("actor"), "language", None)
    return str(asked or own or current_app.extensions["icity"].settings.language)


def _reply(error: Exception) -> Reply:
    if isinstance(error, HTTPException):
        code = error.code or 500
        slug = error.name.lower().replace(" ", "-")
        return Reply(code, slug, HTTP_TITLES.get(code, "请求未能完成。"), f"{error.name}.")
    for kind in type(error).__mro__:
        if kind in REPLIES:
            return REPLIES[kind]
    return REPLIES[IcityError]


def _title(told: Reply, error: Exception) -> str:
    return _titled(told, error, language())


def _titled(told: Reply, error: Exception, spoken: str) -> str:
    if spoken == "zh":
        return told.zh
    if told.en is not None:
        return told.en
    known = error if isinstance(error, IcityError) else IcityError()
    return str(known.__doc__).partition("The fact")[0].strip()


def _details(error: Exception) -> dict[str, Any]:
    if isinstance(error, IcityError):
        return {key: value for key, value in error.facts.items() if key in SHOWN_FACTS}
    if isinstance(error, HTTPException):
        told = getattr(error, "data", None) or {}
        messages = told.get("messages")
        return {"errors": messages} if messages else _reason(error)
    return {}


def _reason(error: HTTPException) -> dict[str, Any]:
    """Return the description only where this house wrote it; werkzeug's own says nothing new."""
    same = error.description is None or error.description == type(error).description
    return {} if same else {"detail": error.description}


def _headers(error: Exception, told: Reply) -> dict[str, str]:
    headers = {"Vary": "Accept-Language"}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    if told.status == 401:  # noqa: PLR2004 - the number says it best
        headers["WWW-Authenticate"] = "Bearer"
    if told.status in {429, 503}:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return headers
