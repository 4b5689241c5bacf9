"""A small school as OneRoster sets, whole or changed, as a student information system would write them."""

from __future__ import annotations

import io
import zipfile

from core.rules.spreadsheets import Upload

USERS = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,"
    "identifier,email,sms,phone,agentSourcedIds,grades,password\r\n"
    's1,,,true,o1,student,sam@school.example,,Sam,Sideris,,1001,sam@mail.example,,,"g1,g2",07,P@ss\r\n'
    "s2,,,true,o1,student,max,,Max,Sideris,,1002,,,,g1,08,P@ss\r\n"
    "t1,,,true,o1,teacher,tom@school.example,,Tom,Thalis,,,tom@school.example,,,,,P@ss\r\n"
    "g1,,,true,o1,parent,gina,,Gina,Sideri,,,gina@mail.example,+306912345678,,,,P@ss\r\n"
    "g2,,,true,o1,guardian,george,,George,Sideris,,,,,,,,P@ss\r\n"
)
USERS_1_2 = (
    "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,"
    "sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,preferredGivenName,"
    "preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns\r\n"
    "s1,,,true,sam@school.example,,Sam,Sideris,,1001,sam@mail.example,,,g1,07,,,,,,,o1,\r\n"
    "t1,,,true,tom,,Tom,Thalis,,,tom@school.example,,,,,,,,,,,o1,\r\n"
    "g1,,,true,gina,,Gina,Sideri,,,gina@mail.example,,,,,,,,,,,o1,\r\n"
)
ROLES = (
    "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\r\n"
    "r1,,,s1,primary,student,,,o1,\r\nr2,,,t1,primary,teacher,,,o1,\r\nr3,,,t1,secondary,siteAdministrator,,,o1,\r\n"
    "r4,,,g1,primary,relative,,,o1,\r\n"
)
ORGS = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\r\no1,,,Athena School,school,,\r\n"
SESSIONS = (
    "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\r\n"
    "y26,,,2026-2027,schoolYear,2026-09-01,2027-06-30,,2027\r\nt26,,,Autumn,term,2026-09-01,2026-12-20,y26,2027\r\n"
)
CLASSES = (
    "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
    "termSourcedIds,subjects,subjectCodes,periods\r\n"
    "c0,,,Algebra,07,,,scheduled,,o1,t26,,,\r\nc7,,,7B,07,,,homeroom,,o1,t26,,,\r\nc8,,,8A,08,,,homeroom,,o1,t26,,,\r\n"
)
ENROLMENTS = (
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\r\n"
    "e1,,,c7,o1,s1,student,,,\r\ne2,,,c0,o1,s1,student,,,\r\ne3,,,c8,o1,s2,student,,,\r\ne4,,,c7,o1,t1,teacher,true,,\r\n"
)
WHOLE = {
    "orgs": ORGS,
    "users": USERS,
    "academicSessions": SESSIONS,
    "classes": CLASSES,
    "enrollments": ENROLMENTS,
}
WHOLE_1_2 = WHOLE | {
    "users": USERS_1_2,
    "roles": ROLES,
    "enrollments": ENROLMENTS.replace("e3,,,c8,o1,s2", "e3,,,c8,o1,s1"),
}


def manifest(*, version: str = "1.1", **modes: str) -> str:
    """What is in the set, as bulk, delta or absent."""
    lines = ["propertyName,value", "manifest.version,1.0", f"oneroster.version,{version}"]
    return "\r\n".join([*lines, *(f"file.{name},{mode}" for name, mode in modes.items()), "source.systemName,SIS"])


def archive(
    files: dict[str, str | bytes], *, mode: str = "bulk", version: str = "1.1", name: str = "set.zip"
) -> Upload:
    """The files as one ZIP archive, the same at any hour; with a `mode` also their manifest."""
    content = io.BytesIO()
    said = {"manifest": manifest(version=version, **dict.fromkeys(files, mode))} if mode else {}
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for stem, text in (said | files).items():
            packed.writestr(zipfile.ZipInfo(stem if "." in stem else f"{stem}.csv"), text, zipfile.ZIP_DEFLATED)
    return Upload(name, content.getvalue())


def changes(**files: str) -> Upload:
    """A set of changes: rows without the header of their file, which stands above."""
    header = {stem: text.partition("\r\n")[0] + "\r\n" for stem, text in WHOLE.items()}
    return archive({stem: header[stem] + rows for stem, rows in files.items()}, mode="delta", name="changes.zip")


def many(students: int, *, first: int = 1, gone: str = "") -> Upload:
    """A whole set of so many students, with a teacher and one class to thirty of them; `gone`: said to have left."""
    header = USERS.partition("\r\n")[0]
    rows = [f"s{n},,,true,o1,student,,,Sam,Sample {n},,{n},,,,,07," for n in range(first, first + students)]
    rows.append("t1,,,true,o1,teacher,tom,,Tom,Thalis,,,tom@school.example,,,,,")
    rows += [f"{gone},tobedeleted,2026-11-01,false,o1,student,,,Sam,Gone,,,,,,,,07,"] if gone else []
    classes = [f"c{n},,,7B{n},07,,,homeroom,,o1,,,," for n in range(-(-students // 30))]
    enrolments = [f"e{n},,,c{n // 30},o1,s{first + n},student,,," for n in range(students)]
    parts = {"users": [header, *rows], "classes": [CLASSES.partition("\r\n")[0], *classes]}
    parts |= {"enrollments": [ENROLMENTS.partition("\r\n")[0], *enrolments, "et,,,c0,o1,t1,teacher,,,"]}
    return archive({"orgs": ORGS} | {stem: "\r\n".join(lines) + "\r\n" for stem, lines in parts.items()})


def of_two_schools(gymnasium: int, lyceum: int) -> Upload:
    """A whole set of a district: so many students of each, in one class of theirs."""
    orgs = ORGS.partition("\r\n")[0] + "\r\no1,,,Gymnasium,school,,\r\no2,,,Lyceum,school,,\r\n"
    users, classes, enrolments = ([text.partition("\r\n")[0]] for text in (USERS, CLASSES, ENROLMENTS))
    classes += [f"c{n},,,7B{n},07,,,homeroom,,o{n},,,," for n in (1, 2)]
    for school, students in ((1, gymnasium), (2, lyceum)):
        named = [f"s{school}-{n}" for n in range(students)]
        users += [f"{name},,,true,o{school},student,,,Sam,Sample {name},,{name},,,,,07," for name in named]
        enrolments += [f"e{name},,,c{school},o{school},{name},student,,," for name in named]
    files = {"users": users, "classes": classes, "enrollments": enrolments}
    return archive({"orgs": orgs} | {stem: "\r\n".join(rows) + "\r\n" for stem, rows in files.items()})
