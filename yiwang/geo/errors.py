"""What geo refuses, with a stable code and words that say what to do next."""

from __future__ import annotations

from yiwang.kernel.errors import Problem


class UnknownCoordinateSystem(Problem):
    code = "geo.unknown_coordinate_system"
    status = 422
    zh = "不认识坐标系“{crs}”。请填写 EPSG:4490、GCJ-02、BD-09 或 EPSG 编号。"
    en = "Coordinate system “{crs}” is not known; use EPSG:4490, GCJ-02, BD-09 or an EPSG number."


class DatumNeedsParameters(Problem):
    code = "geo.datum_needs_parameters"
    status = 422
    zh = "坐标系“{crs}”({datum})转换到 CGCS2000 需要本地七参数,系统没有。请先由测绘部门转换后再导入。"
    en = "“{crs}” ({datum}) needs the survey office's seven local parameters; have it converted to CGCS2000 first."


class ImpossibleCoordinates(Problem):
    code = "geo.impossible_coordinates"
    status = 422
    zh = "坐标({longitude}, {latitude})不是有效的经纬度。请确认经度在前、纬度在后,单位为度。"
    en = "({longitude}, {latitude}) is not a longitude and latitude; give longitude first, both in degrees."


class InvalidDivisionCode(Problem):
    code = "geo.invalid_division_code"
    status = 422
    zh = "区划代码“{text}”不正确:{reason_zh}。"
    en = "Division code “{text}” is not right: {reason_en}."


class UnknownArea(Problem):
    code = "geo.unknown_area"
    status = 404
    zh = "没有代码为“{area}”的区域。请检查代码,或先导入该区域。"
    en = "There is no area with the code “{area}”; check it, or import that area first."


class OutsideEveryArea(Problem):
    code = "geo.outside_every_area"
    status = 404
    zh = "位置({longitude}, {latitude})不在已导入的任何区域内。请检查坐标和坐标系。"
    en = "({longitude}, {latitude}) lies in none of the imported areas; check the position and its coordinate system."


class BoundaryUnusable(Problem):
    code = "geo.boundary_unusable"
    status = 422
    zh = "区域“{area}”的边界不能使用:{reason}。请修正几何图形后重试。"
    en = "The boundary of “{area}” cannot be used: {reason}; repair the geometry and try again."


class GridDoesNotFit(Problem):
    code = "geo.grid_does_not_fit"
    status = 422
    zh = "社区“{community}”按 {cell_size} 米划分仍超过 {limit} 个单元网格。请调大网格尺寸。"
    en = "Community “{community}” has more than {limit} unit grids even at {cell_size} m; use a larger size."


class SurveyUnreadable(Problem):
    code = "geo.survey_unreadable"
    status = 422
    zh = "测绘文件无法读取:{reason_zh}。支持 GeoJSON、Shapefile(zip)、GeoPackage。"
    en = "The survey file cannot be read: {reason_en}. GeoJSON, Shapefile (zip) and GeoPackage are supported."


class SurveyTooLarge(Problem):
    code = "geo.survey_too_large"
    status = 413
    zh = "测绘文件过大:上限 {limit},收到 {size}。请按街道分成几个文件导入。"
    en = "The survey file is too large: at most {limit}, got {size}; import it street by street."


class TileOutOfRange(Problem):
    code = "geo.tile_out_of_range"
    status = 404
    zh = "没有编号为 {z}/{x}/{y} 的瓦片。"
    en = "There is no tile {z}/{x}/{y}."


class GridsAlreadyCoded(Problem):
    code = "geo.grids_already_coded"
    status = 409
    zh = "区域“{area}”已有单元网格编码,编码一经确定不得改变。如确需重新划分,请明确选择“替换”。"
    en = "“{area}” has coded unit grids already, and codes must not change; ask for replacement if that is meant."
